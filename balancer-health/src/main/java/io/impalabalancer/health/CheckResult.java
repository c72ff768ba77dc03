package io.impalabalancer.health;

import io.netty.channel.ChannelException;
import java.io.IOException;
import java.net.BindException;
import java.net.NoRouteToHostException;
import java.time.Duration;
import java.util.Locale;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;

/**
 * How a check ended.
 *
 * @param reason for people, such as {@code http status 503 (expected 200)}
 */
public record CheckResult(Outcome outcome, String reason) {

  /** The closed set of ways in which a check ends. */
  public enum Outcome {
    /** As expected. */
    OK("ok"),
    /** Nothing listens on the port. */
    REFUSED("refused"),
    /** No answer within the check's timeout. */
    TIMEOUT("timeout"),
    /** The connection was reset. */
    RESET("reset"),
    /** The network has no way to the host, or the coordinator has no port to check. */
    UNREACHABLE("unreachable"),
    /** The web page answered with another status. */
    BAD_STATUS("bad-status"),
    /** What answered does not speak HTTP, or ended without an answer. */
    BAD_ANSWER("bad-answer"),
    /** No TLS came about, or the certificate is not one of the host's. */
    TLS("tls"),
    /** The web port wants a login, and was given none or one that it refuses. */
    LOGIN("login"),
    /** The host has no address. */
    UNRESOLVED("unresolved"),
    /** The balancer lacked a descriptor, a port or memory; says nothing of the coordinator. */
    NO_RESOURCES("no-resources");

    private final String word;

    Outcome(String word) {
      this.word = word;
    }

    /** Returns the word that log and metrics use. */
    public String word() {
      return word;
    }
  }

  private static final Pattern SPACE = Pattern.compile("[\\s\\p{Cntrl}]+");

  /** Makes one; its reason, which others may have worded, fits into a line of the log. */
  public CheckResult {
    reason = SPACE.matcher(reason).replaceAll(" ").strip().replace('"', '\'');
  }

  /** Returns whether it ended as expected. */
  public boolean ok() {
    return outcome == Outcome.OK;
  }

  /** Returns whether somebody is there, whatever he said. */
  boolean answered() {
    return ok()
        || outcome == Outcome.BAD_STATUS
        || outcome == Outcome.BAD_ANSWER
        || outcome == Outcome.LOGIN;
  }

  /** Returns whether it says something of the coordinator. */
  boolean counts() {
    return outcome != Outcome.NO_RESOURCES;
  }

  /** Returns the result of a connection that could not be made. */
  static CheckResult connectFailed(Throwable cause) {
    String message = text(cause);
    Outcome outcome;
    if (cause instanceof ChannelException
        || cause instanceof BindException
        || message.contains("cannot assign requested address")
        || message.contains("too many open files")
        || message.contains("no buffer space")
        || message.contains("cannot allocate memory")) {
      outcome = Outcome.NO_RESOURCES;
    } else if (message.contains("refused")) {
      outcome = Outcome.REFUSED;
    } else if (message.contains("reset")) {
      outcome = Outcome.RESET;
    } else if (message.contains("timed out") && !(cause instanceof NoRouteToHostException)) {
      outcome = Outcome.TIMEOUT;
    } else {
      outcome = Outcome.UNREACHABLE;
    }
    return new CheckResult(outcome, "connect " + outcome.word());
  }

  /** Returns the result of a connection that broke before an answer. */
  static CheckResult broken(Throwable cause) {
    Throwable inner = cause.getCause() == null ? cause : cause.getCause();
    if (cause instanceof SSLException || inner instanceof SSLException) {
      return new CheckResult(Outcome.TLS, "no TLS: " + inner.getMessage());
    }
    return cause instanceof IOException
        ? new CheckResult(Outcome.RESET, "http connection reset")
        : new CheckResult(Outcome.BAD_ANSWER, "http answer not understood");
  }

  /** Returns the result of a check that took too long. */
  static CheckResult timeout(String what, Duration after) {
    return new CheckResult(Outcome.TIMEOUT, what + " timeout after " + text(after));
  }

  private static String text(Throwable cause) {
    String message = cause.getMessage();
    return message == null ? "" : message.toLowerCase(Locale.ROOT);
  }

  private static String text(Duration duration) {
    return duration.toMillis() % 1000 == 0
        ? duration.toSeconds() + "s"
        : duration.toMillis() + "ms";
  }
}
