package io.impalabalancer.cli.web;

import com.google.gson.stream.JsonWriter;
import io.impalabalancer.cli.operation.Events;
import io.impalabalancer.cli.operation.Reloads;
import io.impalabalancer.cli.operation.Upgrades;
import io.impalabalancer.cli.web.Route.Access;
import io.impalabalancer.config.AdminState;
import io.impalabalancer.config.UserConfig;
import io.impalabalancer.core.Balancer;
import io.impalabalancer.core.Coordinator;
import io.impalabalancer.core.Member;
import io.impalabalancer.core.Pool;
import io.impalabalancer.core.SessionSnapshot;
import io.impalabalancer.core.Termination;
import io.impalabalancer.health.page.SessionsPage.ImpalaSession;
import io.impalabalancer.who.Who;
import io.impalabalancer.who.Whois;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * {@code /api/v1}, as {@code openapi.json} describes it: what the balancer is, and the changes that
 * an admin can make. Errors are a sentence of plain text. On the worker.
 */
final class Api {
  static final String BASE = "/api/v1";
  private static final String JSON = "application/json";
  private static final long LOOPS_MILLIS = 5000;

  /** One list of sessions serves all who ask within this time. */
  private static final long SESSIONS_NANOS = TimeUnit.SECONDS.toNanos(1);

  private static final int MOST_SESSIONS = 500;
  private static final int MOST_EVENTS = Events.MOST;

  private final Balancer balancer;
  private final Overview overview;
  private final Events events;
  private final Whois whois;
  private List<SessionSnapshot> sessions = List.of();
  private long sessionsNanos;
  private volatile Reloads reloads = Reloads.NONE;
  private volatile Upgrades upgrades = Upgrades.NONE;

  Api(Balancer balancer, Overview overview, Events events, Whois whois) {
    this.balancer = balancer;
    this.overview = overview;
    this.events = events;
    this.whois = whois;
    sessionsNanos = System.nanoTime() - SESSIONS_NANOS;
  }

  void setOperations(Reloads reloads, Upgrades upgrades) {
    this.reloads = reloads;
    this.upgrades = upgrades;
  }

  List<Route> routes() {
    return List.of(
        get("/openapi.json", request -> Page.of(200, JSON, Resources.text("openapi.json"))),
        get("/stream", request -> Page.STREAM),
        get("/overview", request -> Page.of(200, JSON, overview.all())),
        get("/info", this::info),
        get("/me", Api::me),
        get("/coordinators", request -> json(overview::coordinators)),
        get("/coordinators/{name}", this::coordinator),
        get("/discovery", request -> json(overview::discovery)),
        get("/listeners", request -> json(overview::listeners)),
        get("/listeners/{name}/choices", this::choices),
        get("/history", request -> json(this::history)),
        get("/events", this::events),
        get("/sessions", this::sessions),
        post("/coordinators/{name}/state", this::setState),
        post("/coordinators/{name}/weight", this::setWeight),
        post("/coordinators/{name}/cut", this::cutCoordinator),
        post("/sessions/{id}/cut", this::cutSession),
        post("/reload", this::reload),
        post("/upgrade", this::upgrade));
  }

  private static Route get(String path, Page.Maker maker) {
    return Route.get(BASE + path, Access.READ, maker);
  }

  /** Returns a route whose maker may refuse what was sent, with the sentence to answer. */
  private static Route post(String path, Page.Maker maker) {
    return Route.post(
        BASE + path,
        request -> {
          try {
            return maker.make(request);
          } catch (IllegalArgumentException refused) {
            return Page.plain(400, "refused: " + refused.getMessage());
          }
        });
  }

  private static Page json(Json.Body body) {
    return Page.of(200, JSON, Json.object(body));
  }

  private Page info(Request request) {
    return json(json -> {
      json.name("info");
      overview.info(json);
    });
  }

  private static Page me(Request request) {
    UserConfig user = request.user();
    return json(json -> {
      json.name("user").value(user == null ? null : user.name());
      json.name("role").value((user == null ? UserConfig.Role.VIEWER : user.role()).word());
    });
  }

  private Page coordinator(Request request) {
    Coordinator coordinator = find(request);
    return coordinator == null
        ? noCoordinator(request)
        : json(json -> {
          json.name("coordinator");
          overview.coordinator(json, coordinator);
        });
  }

  private @Nullable Coordinator find(Request request) {
    return balancer.coordinators().stream()
        .filter(each -> each.name().equals(request.names().get("name")))
        .findFirst()
        .orElse(null);
  }

  private Page choices(Request request) {
    String name = request.names().get("name");
    return balancer.listeners().stream()
        .filter(each -> each.name().equals(name))
        .findFirst()
        .map(listener -> json(json -> Choices.write(json, listener)))
        .orElseGet(() -> Page.plain(404, "there is no listener \"" + name + "\""));
  }

  private static Page noCoordinator(Request request) {
    return Page.plain(404, "there is no coordinator \"" + request.names().get("name") + "\"");
  }

  private void history(JsonWriter json) throws IOException {
    json.name("stepSeconds").value(Timeline.STEP_SECONDS);
    json.name("points").value(Timeline.POINTS);
    json.name("coordinators").beginObject();
    for (Coordinator coordinator : balancer.coordinators()) {
      json.name(coordinator.name());
      overview.points(json, coordinator, Timeline.POINTS);
    }
    json.endObject();
  }

  private Page events(Request request) {
    int limit = number(request, "limit", 100, MOST_EVENTS);
    if (limit < 0) {
      return Page.plain(400, "limit: expected a number from 0 to " + MOST_EVENTS);
    }
    return json(json -> {
      json.name("events").beginArray();
      for (Events.Event event : events.newest(limit)) {
        json.beginObject();
        json.name("id").value(event.id());
        json.name("at").value(event.atMillis());
        json.name("kind").value(event.kind());
        json.name("coordinator").value(event.coordinator());
        json.name("subject").value(event.subject());
        json.name("from").value(event.from());
        json.name("to").value(event.to());
        json.name("reason").value(event.reason());
        json.endObject();
      }
      json.endArray();
    });
  }

  /** Returns a number of the query, -1 if it is none or too large. */
  private static int number(Request request, String key, int otherwise, int most) {
    String text = request.query().get(key);
    if (text == null) {
      return otherwise;
    }
    try {
      int number = Integer.parseInt(text);
      return number > most ? -1 : Math.max(-1, number);
    } catch (NumberFormatException none) {
      return -1;
    }
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

  /** Returns who is on some sessions, if that is asked for. */
  private Whois.Answer who(Request request, List<SessionSnapshot> some) {
    return "true".equals(request.query().get("who"))
        ? await(whois.of(some, Whois.LIST, Whois.SHORT))
        : Whois.Answer.NONE;
  }

  private Page sessions(Request request) {
    int limit = number(request, "limit", 50, MOST_SESSIONS);
    int offset = number(request, "offset", 0, Integer.MAX_VALUE);
    String sort = request.query().getOrDefault("sort", "age");
    Comparator<SessionSnapshot> order = order(sort);
    if (limit < 0 || offset < 0) {
      return Page.plain(400, "expected limit from 0 to " + MOST_SESSIONS + ", offset from 0");
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
    Whois.Answer who = who(request, shown);
    return json(json -> {
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
    if (System.nanoTime() - sessionsNanos >= SESSIONS_NANOS) {
      sessions = await(balancer.snapshot());
      sessionsNanos = System.nanoTime();
    }
    return sessions;
  }

  private static <T> T await(CompletionStage<T> stage) {
    try {
      return stage.toCompletableFuture().get(LOOPS_MILLIS, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("the web port closes", e);
    } catch (ExecutionException | TimeoutException e) {
      throw new IllegalStateException("an event loop did not answer", e);
    }
  }

  private Page setState(Request request) {
    Coordinator coordinator = find(request);
    if (coordinator == null) {
      return noCoordinator(request);
    }
    String word = Json.read(request.body(), List.of("state")).getOrDefault("state", "");
    AdminState state =
        Arrays.stream(AdminState.values())
            .filter(each -> each.word().equals(word))
            .findFirst()
            .orElseThrow(() ->
                new IllegalArgumentException(
                    "found state \"" + word + "\", expected ready, drain or maint"));
    coordinator.setAdminState(state, reason(request));
    return coordinator(request);
  }

  private Page setWeight(Request request) {
    Coordinator coordinator = find(request);
    if (coordinator == null) {
      return noCoordinator(request);
    }
    Map<String, String> body = Json.read(request.body(), List.of("weight", "pool"));
    int weight = weight(body.getOrDefault("weight", ""));
    String name = body.get("pool");
    List<Member> members = new ArrayList<>();
    for (Pool pool : overview.poolsInUse()) {
      for (Member member : pool.members()) {
        if (member.coordinator() == coordinator && (name == null || name.equals(pool.name()))) {
          members.add(member);
        }
      }
    }
    if (members.isEmpty()) {
      throw new IllegalArgumentException(
          name == null
              ? coordinator.name() + " is in no pool that a listener uses"
              : coordinator.name() + " is in no pool \"" + name + "\" that a listener uses");
    }
    members.forEach(member -> member.setWeight(weight, reason(request)));
    return coordinator(request);
  }

  private static int weight(String text) {
    try {
      int weight = Integer.parseInt(text);
      if (weight >= 0 && weight <= Member.WEIGHT_MAX) {
        return weight;
      }
    } catch (NumberFormatException none) {
      // Told below.
    }
    throw new IllegalArgumentException(
        "found weight \"" + text + "\", expected a number from 0 to " + Member.WEIGHT_MAX);
  }

  private Page cutCoordinator(Request request) {
    Coordinator coordinator = find(request);
    if (coordinator == null) {
      return noCoordinator(request);
    }
    Json.read(request.body().isBlank() ? "{}" : request.body(), List.of());
    int cut = await(balancer.closeSessions(coordinator, Termination.KILLED));
    return cut(request, coordinator.name(), cut, "all its sessions");
  }

  private Page cutSession(Request request) {
    String id = request.names().getOrDefault("id", "");
    Json.read(request.body().isBlank() ? "{}" : request.body(), List.of());
    int cut =
        id.matches("[0-9]{1,18}")
            ? await(balancer.closeSession(Long.parseLong(id), Termination.KILLED))
            : 0;
    return cut == 0
        ? Page.plain(404, "there is no session " + id)
        : cut(request, "", cut, "session " + id);
  }

  private Page cut(Request request, String coordinator, int cut, String what) {
    events.cut(coordinator, cut, what + ", " + reason(request));
    return json(json -> json.name("cut").value(cut));
  }

  private Page reload(Request request) {
    Map<String, String> body =
        Json.read(request.body().isBlank() ? "{}" : request.body(), List.of("dryRun"));
    String dryRun = body.getOrDefault("dryRun", "false");
    if (!dryRun.equals("true") && !dryRun.equals("false")) {
      throw new IllegalArgumentException("found dryRun " + dryRun + ", expected true or false");
    }
    String by = reason(request);
    Reloads.Result result = dryRun.equals("true") ? reloads.dryRun(by) : reloads.reload(by);
    return json(json -> {
      json.name("reload");
      Overview.reload(json, result);
    });
  }

  /** Begins an upgrade; {@code info} tells how far it is, of the successor in the end. */
  private Page upgrade(Request request) {
    Json.read(request.body().isBlank() ? "{}" : request.body(), List.of());
    return upgrades.begin(reason(request))
        ? json(json -> {
          json.name("upgrade");
          Overview.upgrade(json, upgrades.last());
        })
        : Page.plain(409, "refused: another upgrade is under way, or there is nothing to start");
  }

  private static String reason(Request request) {
    return request.who() + ", web port";
  }
}
