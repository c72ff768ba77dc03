package io.impalabalancer.health;

/**
 * What asking for a web page gave.
 *
 * @param result {@code ok} if it was answered with status 200, else why not, for people
 * @param status of the answer, 0 if there was none
 * @param body empty unless the result is {@code ok}
 */
@SuppressWarnings("ArrayRecordComponent")
public record WebAnswer(CheckResult result, int status, byte[] body) {

  /** Returns whether there is a page. */
  public boolean ok() {
    return result.ok();
  }
}
