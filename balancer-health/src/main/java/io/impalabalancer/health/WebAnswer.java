package io.impalabalancer.health;

import java.time.Instant;
import java.util.Optional;

/**
 * What asking for a web page gave.
 *
 * @param result {@code ok} if it was answered with status 200, else why not, for people
 * @param status of the answer, 0 if there was none
 * @param body empty unless the result is {@code ok}
 * @param date the time of the answer by the clock of who gave it, if it says; in whole seconds.
 *     Impala's pages do not say, its files do
 */
@SuppressWarnings("ArrayRecordComponent")
public record WebAnswer(CheckResult result, int status, byte[] body, Optional<Instant> date) {

  /** Returns whether there is a page. */
  public boolean ok() {
    return result.ok();
  }
}
