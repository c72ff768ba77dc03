package io.impalabalancer.config;

/** How a coordinator is checked. */
public enum CheckKind {
  /** What suits the coordinator best; an {@code http} check. */
  AUTO("auto"),
  /** A GET on the web port. */
  HTTP("http"),
  /** A connect to each port that listeners use. */
  TCP("tcp"),
  /** Not at all: always UP. */
  NONE("none");

  private final String word;

  CheckKind(String word) {
    this.word = word;
  }

  /** Returns the word that configuration, log and metrics use. */
  public String word() {
    return word;
  }
}
