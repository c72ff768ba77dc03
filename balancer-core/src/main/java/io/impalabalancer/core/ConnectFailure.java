package io.impalabalancer.core;

/** Why an attempt to connect to a coordinator failed. */
public enum ConnectFailure {
  /** Nothing listens there. */
  REFUSED("refused"),
  /** No answer within {@code connect}. */
  TIMEOUT("timeout"),
  /** The network, or the coordinator's kernel, ended it. */
  UNREACHABLE("unreachable"),
  /** The balancer lacked a descriptor, a port or memory; says nothing of the coordinator. */
  NO_RESOURCES("no-resources");

  private final String word;

  ConnectFailure(String word) {
    this.word = word;
  }

  /** Returns the word that log and metrics use. */
  public String word() {
    return word;
  }
}
