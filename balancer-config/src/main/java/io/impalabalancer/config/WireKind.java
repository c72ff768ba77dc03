package io.impalabalancer.config;

/** How bytes are moved. */
public enum WireKind {
  /** {@code epoll} on Linux, else {@code channel}. */
  AUTO("auto"),
  /** Sockets driven on the event loop itself; Linux. */
  EPOLL("epoll"),
  /** Netty channels over NIO; anywhere. */
  CHANNEL("channel");

  private final String word;

  WireKind(String word) {
    this.word = word;
  }

  /** Returns the word that the configuration uses. */
  public String word() {
    return word;
  }
}
