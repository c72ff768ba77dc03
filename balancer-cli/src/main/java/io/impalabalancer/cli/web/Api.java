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
import io.impalabalancer.core.Termination;
import io.impalabalancer.who.Whois;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
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
  static final String JSON = "application/json";
  private static final long LOOPS_MILLIS = 5000;
  private static final int MOST_EVENTS = Events.MOST;

  private final Balancer balancer;
  private final Overview overview;
  private final Coordinators coordinators;
  private final Events events;
  private final Sessions sessions;
  private volatile Reloads reloads = Reloads.NONE;
  private volatile Upgrades upgrades = Upgrades.NONE;

  Api(Balancer balancer, Overview overview, Coordinators coordinators, Events events, Whois whois) {
    this.balancer = balancer;
    this.overview = overview;
    this.coordinators = coordinators;
    this.events = events;
    sessions = new Sessions(balancer, whois);
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
        get("/coordinators", request -> json(coordinators::write)),
        get("/coordinators/{name}", this::coordinator),
        get("/discovery", request -> json(overview::discovery)),
        get("/listeners", request -> json(overview::listeners)),
        get("/listeners/{name}/choices", this::choices),
        get("/history", request -> json(this::history)),
        get("/events", this::events),
        get("/sessions", sessions::list),
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
          coordinators.write(json, coordinator);
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
      coordinators.points(json, coordinator, Timeline.POINTS);
    }
    json.endObject();
  }

  private Page events(Request request) {
    int limit = request.number("limit", 100, MOST_EVENTS);
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

  /** Returns what event loops answer. */
  static <T> T await(CompletionStage<T> stage) {
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
    for (Pool pool : coordinators.poolsInUse()) {
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
