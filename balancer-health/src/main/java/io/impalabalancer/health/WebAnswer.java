package io.impalabalancer.health;

import io.netty.handler.codec.DateFormatter;
import java.time.Instant;
import java.util.Date;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What asking for a web page gave.
 *
 * @param result {@code ok} if it was answered with status 200, else why not, for people
 * @param status of the answer, 0 if there was none
 * @param body empty unless the result is {@code ok}
 * @param dateHeader what the answer says of its time, null if nothing
 */
@SuppressWarnings("ArrayRecordComponent")
public record WebAnswer(CheckResult result, int status, byte[] body, @Nullable String dateHeader) {

  /** Returns whether there is a page. */
  public boolean ok() {
    return result.ok();
  }

  /**
   * Returns the time of the answer by the clock of who gave it, in whole seconds, if it says.
   * Impala's pages do not, its files do.
   */
  public Optional<Instant> date() {
    return Optional.ofNullable(dateHeader).map(DateFormatter::parseHttpDate).map(Date::toInstant);
  }
}
