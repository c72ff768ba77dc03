package io.impalabalancer.core;

import io.impalabalancer.config.BindAddress;
import java.io.IOException;

/** A listener's address that could not be bound; the message names it and the reason. */
public final class BindException extends IOException {
  private static final long serialVersionUID = 1L;

  BindException(String listener, BindAddress address, Throwable cause) {
    super("listener " + listener + ": cannot bind " + address + ": " + cause.getMessage(), cause);
  }
}
