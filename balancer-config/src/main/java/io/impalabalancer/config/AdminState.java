package io.impalabalancer.config;

/** What people say of a coordinator. */
public enum AdminState {
  /** In service. */
  READY("ready"),
  /** No new session; running ones live, checks go on. */
  DRAIN("drain"),
  /** As DRAIN, and checks stop. */
  MAINT("maint");

  private final String word;

  AdminState(String word) {
    this.word = word;
  }

  /** Returns the word that configuration, log and metrics use. */
  public String word() {
    return word;
  }
}
