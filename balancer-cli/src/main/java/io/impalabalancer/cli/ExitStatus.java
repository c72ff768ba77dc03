package io.impalabalancer.cli;

/** What the program's exit status means. */
final class ExitStatus {
  /** It ended as it was asked to. */
  static final int OK = 0;

  /** The configuration was refused. */
  static final int CONFIGURATION = 1;

  /** The command line was wrong. */
  static final int USAGE = 2;

  /** An address could not be bound. */
  static final int BIND = 3;

  /** Anything else; a defect, or a machine that lacks something. */
  static final int INTERNAL = 4;

  private ExitStatus() {}
}
