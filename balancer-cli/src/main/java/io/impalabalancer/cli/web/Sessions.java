package io.impalabalancer.cli.web;

import com.google.gson.stream.JsonWriter;
import io.impalabalancer.core.Balancer;
import io.impalabalancer.core.Coordinator;
import io.impalabalancer.core.SessionSnapshot;
import io.impalabalancer.health.page.SessionsPage.ImpalaSession;
import io.impalabalancer.who.Who;
import io.impalabalancer.who.Whois;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The living sessions as JSON, searched and sorted: what {@code openapi.json} calls {@code
 * Session}. On the worker.
 */
final class Sessions {
  /** One list serves all who ask within this time. */
  private static final long SHARED_NANOS = TimeUnit.SECONDS.toNanos(1);

  private static final int MOST = 500;

  private final Balancer balancer;
  private final Whois whois;
  private List<SessionSnapshot> sessions = List.of();
  private long sessionsNanos = System.nanoTime() - SHARED_NANOS;

  Sessions(Balancer balancer, Whois whois) {
    this.balancer = balancer;
    this.whois = whois;
  }

  /** Returns the page of those that are asked for. */
  Page list(Request request) {
    int limit = request.number("limit", 50, MOST);
    int offset = request.number("offset", 0, Integer.MAX_VALUE);
    String sort = request.query().getOrDefault("sort", "age");
    Comparator<SessionSnapshot> order = order(sort);
    if (limit < 0 || offset < 0) {
      return Page.plain(400, "expected limit from 0 to " + MOST + ", offset from 0");
    }
    if (order == null) {
      return Page.plain(400, "sort: found \"" + sort + "\", expected age, idle or bytes");
    }
    String search = request.query().getOrDefault("search", "").toLowerCase(Locale.ROOT);
    List<SessionSnapshot> all = snapshot();
    List<SessionSnapshot> found = new ArrayList<>();
    for (SessionSnapshot session : all) {
      if (search.isEmpty() || words(session).contains(search)) {
        found.add(session);
      }
    }
    found.sort(order);
    int from = Math.min(offset, found.size());
    List<SessionSnapshot> shown =
        found.subList(from, (int) Math.min(found.size(), (long) from + limit));
    Whois.Answer who =
        "true".equals(request.query().get("who"))
            ? Api.await(whois.of(shown, Whois.LIST, Whois.SHORT))
            : Whois.Answer.NONE;
    String text =
        Json.object(json -> {
          json.name("total").value(all.size());
          json.name("found").value(found.size());
          json.name("sessions").beginArray();
          for (SessionSnapshot session : shown) {
            session(json, session, who.sessions().get(session.id()));
          }
          json.endArray();
          json.name("whoProblems").beginObject();
          for (Map.Entry<String, String> problem : who.problems().entrySet()) {
            json.name(problem.getKey()).value(problem.getValue());
          }
          json.endObject();
        });
    return Page.of(200, Api.JSON, text);
  }

  /** Returns the largest first by what a word says, null if it is no such word. */
  private static @Nullable Comparator<SessionSnapshot> order(String word) {
    Comparator<SessionSnapshot> smallest =
        switch (word) {
          case "age" -> Comparator.comparing(SessionSnapshot::age);
          case "idle" -> Comparator.comparing(SessionSnapshot::idle);
          case "bytes" -> Comparator.comparingLong(s -> s.bytesToClient() + s.bytesToCoordinator());
          default -> null;
        };
    return smallest == null ? null : smallest.reversed().thenComparingLong(SessionSnapshot::id);
  }

  /** Returns what a search looks at. */
  private static String words(SessionSnapshot session) {
    Coordinator coordinator = session.coordinator();
    return (session.id()
            + " "
            + AdminServer.text(session.clientAddress())
            + " "
            + session.listener().name()
            + " "
            + (coordinator == null ? "" : coordinator.name())
            + " "
            + phase(session))
        .toLowerCase(Locale.ROOT);
  }

  private static String phase(SessionSnapshot session) {
    return session.termination() == null
        ? session.phase().name().toLowerCase(Locale.ROOT).replace('_', '-')
        : "closing";
  }

  private static void session(JsonWriter json, SessionSnapshot session, @Nullable Who who)
      throws IOException {
    Coordinator coordinator = session.coordinator();
    InetSocketAddress local = session.localAddress();
    json.beginObject();
    json.name("id").value(session.id());
    json.name("client").value(AdminServer.text(session.clientAddress()));
    json.name("listener").value(session.listener().name());
    json.name("coordinator").value(coordinator == null ? null : coordinator.name());
    json.name("local").value(local == null ? null : AdminServer.text(local));
    json.name("phase").value(phase(session));
    json.name("accepted").value(session.acceptedMillis());
    json.name("ageMillis").value(session.age().toMillis());
    json.name("idleMillis").value(session.idle().toMillis());
    json.name("bytesToClient").value(session.bytesToClient());
    json.name("bytesToCoordinator").value(session.bytesToCoordinator());
    json.name("who");
    if (who == null) {
      json.nullValue();
    } else {
      json.beginObject();
      json.name("user").value(who.user());
      json.name("delegatedUser").value(who.delegatedUser());
      json.name("queries").value(who.queries());
      json.name("sessions").beginArray();
      for (ImpalaSession each : who.sessions()) {
        json.beginObject();
        json.name("id").value(each.id());
        json.name("type").value(each.type());
        json.name("queries").value(Math.max(0, each.inflightQueries()));
        json.endObject();
      }
      json.endArray();
      json.endObject();
    }
    json.endObject();
  }

  private synchronized List<SessionSnapshot> snapshot() {
    if (System.nanoTime() - sessionsNanos >= SHARED_NANOS) {
      sessions = Api.await(balancer.snapshot());
      sessionsNanos = System.nanoTime();
    }
    return sessions;
  }
}
