package io.impalabalancer.metrics;

import io.impalabalancer.core.Coordinator;
import io.impalabalancer.core.SessionView;
import io.impalabalancer.core.Termination;
import io.netty.util.NetUtil;
import java.time.Instant;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A session as a JSON object on one line; {@code docs/log.md} names its fields. No text in it needs
 * escaping: names are of letters, digits and {@code _ . : -}, everything else is the program's own.
 */
final class JsonFormat implements SessionFormat {

  @Override
  public void append(SessionView session, StringBuilder out) {
    Coordinator coordinator = session.coordinator();
    Termination termination = session.termination();
    String name = coordinator == null ? null : coordinator.name();
    out.append('{');
    text("accepted", Instant.ofEpochMilli(session.acceptedMillis()).toString(), out);
    number("id", session.id(), out);
    text("client", NetUtil.toAddressString(session.clientAddress().getAddress()), out);
    number("client_port", session.clientAddress().getPort(), out);
    text("listener", session.listener().name(), out);
    text("coordinator", name, out);
    text("alias", name == null ? null : session.listener().config().alias(name), out);
    millis("queue_ms", session.queueNanos(), out);
    millis("connect_ms", session.connectNanos(), out);
    millis("duration_ms", session.durationNanos(), out);
    number("bytes_to_client", session.bytesToClient(), out);
    number("bytes_to_coordinator", session.bytesToCoordinator(), out);
    text("termination", termination == null ? ALIVE : termination.word(), out);
    text("letters", termination == null ? "--" : termination.letters(session.phase()), out);
    text("phase", session.phase().name().toLowerCase(Locale.ROOT).replace('_', '-'), out);
    number("balancer_sessions", session.balancerSessions(), out);
    number("listener_sessions", session.listenerSessions(), out);
    number("assigned_sessions", session.assignedSessions(), out);
    number("coordinator_sessions", session.coordinatorSessions(), out);
    number("retries", session.retries(), out);
    value("redispatched", session.redispatched() ? "true" : "false", out);
    number("queue_place", session.queueNanos() > 0 ? session.queuePosition() + 1 : 0, out);
    out.setCharAt(out.length() - 1, '}');
  }

  private static void text(String name, @Nullable String text, StringBuilder out) {
    value(name, text == null ? "null" : '"' + text + '"', out);
  }

  private static void millis(String name, long nanos, StringBuilder out) {
    value(name, nanos < 0 ? "null" : Long.toString(TimeUnit.NANOSECONDS.toMillis(nanos)), out);
  }

  private static void number(String name, long number, StringBuilder out) {
    value(name, Long.toString(number), out);
  }

  private static void value(String name, String value, StringBuilder out) {
    out.append('"').append(name).append("\":").append(value).append(',');
  }
}
