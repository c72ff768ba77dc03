package io.impalabalancer.simulator;

/** An error that a client is told, in Impala's own words. */
final class ImpalaException extends Exception {
  private static final long serialVersionUID = 1;

  ImpalaException(String message) {
    super(message, null, false, false);
  }

  /** What the client is told: a line, as {@code ErrorMsg::GetFullMessageDetails} makes it. */
  String text() {
    return getMessage() + "\n";
  }
}
