package io.impalabalancer.cli.operation;

/** How many there are of something, as people write it. */
public final class Count {

  private Count() {}

  /** Returns {@code 1 session} or {@code 2 sessions}; {@code what} is one of them. */
  public static String of(long number, String what) {
    return number + " " + what + (number == 1 ? "" : "s");
  }
}
