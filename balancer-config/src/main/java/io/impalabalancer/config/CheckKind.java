package io.impalabalancer.config;

/** How a coordinator is checked. */
public enum CheckKind {
  /** What suits the coordinator best. */
  AUTO("auto"),
  /** The coordinator's own pages, and its ports where these are silent. */
  IMPALA("impala"),
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
