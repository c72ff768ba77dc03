package io.impalabalancer.config;

/** When a coordinator is dialled. */
public enum Dial {
  /** Once the client has said something; for protocols in which the client speaks first. */
  ON_FIRST_BYTES("on-first-bytes"),
  /** At once. */
  ON_ACCEPT("on-accept");

  private final String word;

  Dial(String word) {
    this.word = word;
  }

  /** Returns the word that the configuration uses. */
  public String word() {
    return word;
  }
}
