package io.impalabalancer.simulator;

import java.io.IOException;

/** Why a {@link SimulatedClient} got no answer. */
public final class SimulatedClientException extends IOException {
  private static final long serialVersionUID = 1;

  /** What went wrong. */
  public enum Reason {
    /** No connection could be made. */
    REFUSED,
    /** The connection ended before the answer was complete. */
    CUT,
    /** Nothing came in time. */
    TIMEOUT,
    /** Impala answered with an error; connection and session live on. */
    IMPALA
  }

  private final Reason reason;

  SimulatedClientException(Reason reason, String message, Throwable cause) {
    super(message, cause);
    this.reason = reason;
  }

  SimulatedClientException(String impalaText) {
    super(impalaText);
    this.reason = Reason.IMPALA;
  }

  /** What went wrong. */
  public Reason reason() {
    return reason;
  }
}
