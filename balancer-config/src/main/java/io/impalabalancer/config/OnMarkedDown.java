package io.impalabalancer.config;

/** What happens to the sessions of a coordinator that goes DOWN. */
public enum OnMarkedDown {
  /** They live as long as they can. */
  KEEP("keep"),
  /** They are closed. */
  SHUTDOWN_SESSIONS("shutdown-sessions");

  private final String word;

  OnMarkedDown(String word) {
    this.word = word;
  }

  /** Returns the word that the configuration uses. */
  public String word() {
    return word;
  }
}
