package io.impalabalancer.core;

import io.netty.channel.unix.Errors.NativeIoException;
import java.io.IOException;

/**
 * The kernel's error numbers, as far as they are told apart. Linux, all architectures of Java's.
 */
final class EpollErrors {
  private static final int ENOMEM = 12;
  private static final int ENFILE = 23;
  private static final int EMFILE = 24;
  private static final int EADDRNOTAVAIL = 99;
  private static final int ENOBUFS = 105;
  private static final int ETIMEDOUT = 110;
  private static final int ECONNREFUSED = 111;

  private EpollErrors() {}

  /** Returns the positive error number; Netty's connect errors carry it in their text only. */
  static int number(IOException e) {
    if (e instanceof NativeIoException nativeError) {
      return -nativeError.expectedErr();
    }
    String message = String.valueOf(e.getMessage());
    int at = message.indexOf("error(-");
    int end = message.indexOf(')', at + 1);
    return at < 0 || end < 0 ? 0 : Integer.parseInt(message.substring(at + 7, end));
  }

  /** Returns what an error of connect says. */
  static ConnectFailure connectFailure(int number) {
    return switch (number) {
      case ECONNREFUSED -> ConnectFailure.REFUSED;
      case ETIMEDOUT -> ConnectFailure.TIMEOUT;
      case EADDRNOTAVAIL -> ConnectFailure.NO_RESOURCES;
      default -> isShortage(number) ? ConnectFailure.NO_RESOURCES : ConnectFailure.UNREACHABLE;
    };
  }

  /** Returns whether the process or the system has no descriptor or no memory left. */
  static boolean isShortage(int number) {
    return switch (number) {
      case EMFILE, ENFILE, ENOMEM, ENOBUFS -> true;
      default -> false;
    };
  }
}
