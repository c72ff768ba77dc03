package io.impalabalancer.who;

import io.impalabalancer.core.Coordinator;
import io.impalabalancer.core.SessionSnapshot;
import io.impalabalancer.health.page.PageException;
import io.impalabalancer.health.page.SessionsPage;
import io.impalabalancer.health.page.SessionsPage.ImpalaSession;
import io.netty.util.NetUtil;
import io.netty.util.concurrent.Ticker;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Says who is on sessions, by asking their coordinators when somebody wants to know. The page is
 * heavy: one question at a time to a coordinator, and its answer serves all who ask for a while.
 * Any thread; pages are read on threads of their own.
 */
public final class Whois {
  /** How old an answer may be for a list that is looked at again and again. */
  public static final Duration LIST = Duration.ofSeconds(10);

  /** How old it may be for one question. */
  public static final Duration ONCE = Duration.ofSeconds(1);

  /** How long a page that is looked at waits for coordinators. */
  public static final Duration SHORT = Duration.ofMillis(500);

  /** How long somebody who asked once waits; then the coordinator is given up, too. */
  public static final Duration LONG = Duration.ofSeconds(5);

  /** Gets the page of sessions of a coordinator. */
  public interface Pages {
    /** Returns the page; fails with an exception whose message is for people. */
    CompletionStage<byte[]> sessions(Coordinator coordinator);
  }

  /**
   * What was said.
   *
   * @param sessions who is on each, by its id; who is not in it is not known
   * @param problems why a coordinator said nothing, by its name
   */
  public record Answer(Map<Long, Who> sessions, Map<String, String> problems) {

    /** Stands for nobody having been asked. */
    public static final Answer NONE = new Answer(Map.of(), Map.of());

    public Answer {
      sessions = Map.copyOf(sessions);
      problems = Map.copyOf(problems);
    }
  }

  /** What a coordinator said, and when it was asked. */
  private record Heard(
      long atNanos, long atMillis, CompletableFuture<Map<InetSocketAddress, Who>> connections) {}

  private final Pages pages;
  private final Ticker ticker;
  private final Map<Coordinator, Heard> heard = new ConcurrentHashMap<>();

  /** Makes one that has asked nobody. */
  public Whois(Pages pages) {
    this(pages, Ticker.systemTicker());
  }

  Whois(Pages pages, Ticker ticker) {
    this.pages = pages;
    this.ticker = ticker;
  }

  /**
   * Asks the coordinators of some sessions. A session that is younger than the answer that its
   * coordinator gave last is not known until that is too old.
   *
   * @param mostAge how old an answer may be
   * @param mostWait after which it goes without those who have not answered yet
   */
  public CompletionStage<Answer> of(
      List<SessionSnapshot> sessions, Duration mostAge, Duration mostWait) {
    Map<Coordinator, List<SessionSnapshot>> byCoordinator = new LinkedHashMap<>();
    for (SessionSnapshot each : sessions) {
      if (each.coordinator() != null && each.localAddress() != null) {
        byCoordinator.computeIfAbsent(each.coordinator(), c -> new ArrayList<>()).add(each);
      }
    }
    heard.keySet().removeIf(coordinator -> coordinator.leaving() && coordinator.sessions() == 0);
    Map<Long, Who> found = new ConcurrentHashMap<>();
    Map<String, String> problems = new ConcurrentHashMap<>();
    Map<Coordinator, CompletableFuture<?>> all = new HashMap<>();
    byCoordinator.forEach((coordinator, own) -> {
      Heard answer = ask(coordinator, mostAge);
      all.put(
          coordinator,
          answer.connections.handle((connections, failure) -> {
            if (failure != null) {
              problems.put(coordinator.name(), reason(failure));
            } else {
              join(own, answer.atMillis, connections, found);
            }
            return null;
          }));
    });
    return CompletableFuture.allOf(all.values().toArray(CompletableFuture<?>[]::new))
        .completeOnTimeout(null, mostWait.toMillis(), TimeUnit.MILLISECONDS)
        .thenApply(done -> {
          all.forEach((coordinator, answer) -> {
            if (!answer.isDone()) {
              problems.putIfAbsent(coordinator.name(), "it has not answered yet");
            }
          });
          return new Answer(found, problems);
        });
  }

  /** Returns those of some sessions that run a query, as far as their coordinators tell. */
  public CompletionStage<Set<Long>> running(List<SessionSnapshot> sessions) {
    return of(sessions, ONCE, LONG)
        .thenApply(answer ->
            answer.sessions().entrySet().stream()
                .filter(each -> each.getValue().queries() > 0)
                .map(Map.Entry::getKey)
                .collect(Collectors.toSet()));
  }

  private static void join(
      List<SessionSnapshot> sessions,
      long atMillis,
      Map<InetSocketAddress, Who> connections,
      Map<Long, Who> found) {
    for (SessionSnapshot each : sessions) {
      InetSocketAddress local = Objects.requireNonNull(each.localAddress());
      Who who = connections.get(local);
      // Of a session that came later the answer tells who had the port before.
      if (who != null && each.acceptedMillis() < atMillis) {
        found.put(each.id(), who);
      }
    }
  }

  private Heard ask(Coordinator coordinator, Duration mostAge) {
    return Objects.requireNonNull(
        heard.compute(
            coordinator,
            (key, before) -> {
              long now = ticker.nanoTime();
              boolean serves =
                  before != null
                      && (!before.connections.isDone() || now - before.atNanos < mostAge.toNanos());
              return serves
                  ? before
                  : new Heard(
                      now,
                      System.currentTimeMillis(),
                      pages
                          .sessions(coordinator)
                          .thenApplyAsync(Whois::connections)
                          .toCompletableFuture());
            }));
  }

  /** Reads a page; what matters is kept of it, by the address that each connection comes from. */
  private static Map<InetSocketAddress, Who> connections(byte[] bytes) {
    SessionsPage page;
    try {
      page = SessionsPage.parse(bytes);
    } catch (PageException e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
    Map<InetSocketAddress, Who> connections = new HashMap<>();
    for (SessionsPage.Connection each : page.connections()) {
      InetSocketAddress peer = address(each.peer());
      if (peer != null) {
        List<ImpalaSession> sessions =
            each.sessionIds().stream().map(page.sessions()::get).filter(Objects::nonNull).toList();
        connections.put(peer, new Who(each.user(), each.delegatedUser(), sessions));
      }
    }
    return connections;
  }

  /** Returns the address of {@code host:port}, an IPv6 host in brackets, null if it is none. */
  static @Nullable InetSocketAddress address(String text) {
    int colon = text.lastIndexOf(':');
    byte[] host =
        colon < 0 ? null : NetUtil.createByteArrayFromIpAddressString(text.substring(0, colon));
    try {
      // An IPv4 address in IPv6's clothes becomes what it is.
      return host == null
          ? null
          : new InetSocketAddress(
              InetAddress.getByAddress(host), Integer.parseInt(text.substring(colon + 1)));
    } catch (UnknownHostException | IllegalArgumentException e) {
      return null;
    }
  }

  private static String reason(Throwable failure) {
    Throwable cause = failure;
    while (cause.getCause() != null
        && (cause instanceof java.util.concurrent.CompletionException
            || cause instanceof IllegalStateException)) {
      cause = cause.getCause();
    }
    return Objects.requireNonNullElse(cause.getMessage(), cause.toString());
  }
}
