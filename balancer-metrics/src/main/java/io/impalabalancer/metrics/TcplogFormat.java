package io.impalabalancer.metrics;

import io.impalabalancer.core.Coordinator;
import io.impalabalancer.core.SessionView;
import io.impalabalancer.core.Termination;
import io.netty.util.NetUtil;
import java.net.InetSocketAddress;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/**
 * An ended session as text: a line of HAProxy 2.6's {@code tcplog} ("TCP log format" in its manual)
 * and, as one more field at its end, the {@linkplain Termination#word() termination}. {@code
 * docs/log.md} tells what each field means here. One thread.
 */
final class TcplogFormat implements SessionFormat {
  private static final DateTimeFormatter SECOND =
      DateTimeFormatter.ofPattern("dd/MMM/yyyy:HH:mm:ss", Locale.US);
  private static final long NANOS_PER_MILLI = 1_000_000;

  private final ZoneId zone;

  /** The second that was formatted last, and its text: sessions come in bursts. */
  private long lastSecond = Long.MIN_VALUE;

  private String lastSecondText = "";

  /**
   * Makes a format.
   *
   * @param zone of the dates; HAProxy's are local time
   */
  TcplogFormat(ZoneId zone) {
    this.zone = zone;
  }

  @Override
  public void append(SessionView session, StringBuilder out) {
    InetSocketAddress client = session.clientAddress();
    out.append(NetUtil.toAddressString(client.getAddress())).append(':').append(client.getPort());
    out.append(" [");
    appendDate(session.acceptedMillis(), out);
    String listener = session.listener().name();
    out.append("] ").append(listener).append(' ').append(listener).append('/');
    Coordinator coordinator = session.coordinator();
    out.append(
        coordinator == null ? "<NOSRV>" : session.listener().config().alias(coordinator.name()));
    out.append(' ');
    appendMillis(session.queueNanos(), out);
    out.append('/');
    appendMillis(session.connectNanos(), out);
    out.append('/');
    Termination termination = session.termination();
    // HAProxy marks so what goes on after its line, with option logasap.
    String sofar = termination == null ? "+" : "";
    out.append(sofar);
    appendMillis(session.durationNanos(), out);
    out.append(' ').append(sofar).append(session.bytesToClient());
    out.append(' ').append(termination == null ? "--" : termination.letters(session.phase()));
    out.append(' ').append(session.balancerSessions());
    out.append('/').append(session.listenerSessions());
    out.append('/').append(session.assignedSessions());
    out.append('/').append(session.coordinatorSessions());
    out.append(session.redispatched() ? "/+" : "/").append(session.retries());
    out.append(" 0/").append(session.queueNanos() > 0 ? session.queuePosition() + 1 : 0);
    out.append(' ').append(termination == null ? ALIVE : termination.word());
  }

  private static void appendMillis(long nanos, StringBuilder out) {
    out.append(nanos < 0 ? -1 : nanos / NANOS_PER_MILLI);
  }

  private void appendDate(long millis, StringBuilder out) {
    long second = Math.floorDiv(millis, 1000L);
    if (second != lastSecond) {
      lastSecondText = SECOND.format(Instant.ofEpochSecond(second).atZone(zone));
      lastSecond = second;
    }
    int fraction = (int) Math.floorMod(millis, 1000L);
    out.append(lastSecondText).append('.');
    out.append((char) ('0' + fraction / 100));
    out.append((char) ('0' + fraction / 10 % 10));
    out.append((char) ('0' + fraction % 10));
  }
}
