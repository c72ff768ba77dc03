package io.impalabalancer.simulator;

/** An error that a client is told, in Impala's own words. */
final class ImpalaException extends Exception {
  private static final long serialVersionUID = 1;

  ImpalaException(String message) {
    super(message, null, false, false);
  }

  /** The exception's text, never null. */
  String text() {
    return String.valueOf(getMessage());
  }
}
