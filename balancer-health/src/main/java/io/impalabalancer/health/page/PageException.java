package io.impalabalancer.health.page;

/** A page is not what it should be. */
public final class PageException extends Exception {
  private static final long serialVersionUID = 1L;

  private final String found;

  PageException(String found) {
    super(found);
    this.found = found;
  }

  /** Returns what was found, for people. */
  public String found() {
    return found;
  }
}
