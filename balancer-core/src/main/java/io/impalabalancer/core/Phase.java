package io.impalabalancer.core;

/** How far a session has come; the second of HAProxy's two letters. */
public enum Phase {
  /** Waits for the client to say something. */
  FIRST_BYTES('R'),
  /** Waits for a coordinator that has room. */
  QUEUE('Q'),
  /** Connects to a coordinator. */
  CONNECT('C'),
  /** Relays. */
  DATA('D');

  private final char letter;

  Phase(char letter) {
    this.letter = letter;
  }

  /** Returns HAProxy's letter. */
  public char letter() {
    return letter;
  }
}
