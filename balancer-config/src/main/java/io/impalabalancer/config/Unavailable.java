package io.impalabalancer.config;

/** What a listener does while no member of its pool is usable. */
public enum Unavailable {
  /** Accepts and closes at once. */
  CLOSE("close"),
  /** Gives up its address, so that the kernel refuses and a balancer in front moves on. */
  UNBIND("unbind");

  private final String word;

  Unavailable(String word) {
    this.word = word;
  }

  /** Returns the word that the configuration uses. */
  public String word() {
    return word;
  }
}
