package io.impalabalancer.cli.doctor;

import io.impalabalancer.health.WebAccess;
import io.impalabalancer.health.WebAnswer;
import io.impalabalancer.health.WebClient;
import io.impalabalancer.health.page.FlagsPage;
import io.impalabalancer.health.page.MetricsPage;
import io.impalabalancer.health.page.PageException;
import io.impalabalancer.health.page.RootPage;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Reads the web pages of coordinators, for threads that wait for them. */
final class WebPages implements Examination.WebReader, AutoCloseable {

  /** A file of Impala's web port: unlike its pages it is sent with the daemon's time. */
  private static final String FILE = "/www/favicon.ico";

  private final WebAccess access;
  private final Duration timeout;
  private final MultiThreadIoEventLoopGroup loops =
      new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());

  WebPages(WebAccess access, Duration timeout) {
    this.access = access;
    this.timeout = timeout;
  }

  @Override
  public WebFacts read(String host, InetAddress address, int port) {
    EventLoop loop = loops.next();
    WebClient client = WebClient.of(loop, access, host, port, timeout);
    try {
      return read(page -> ask(loop, client, address, page));
    } finally {
      loop.execute(client::close);
    }
  }

  private interface Pages {
    WebAnswer get(String path);
  }

  private static WebAnswer ask(EventLoop loop, WebClient client, InetAddress address, String path) {
    CompletableFuture<WebAnswer> answer = new CompletableFuture<>();
    loop.execute(() -> client.get(address, path, answer::complete));
    return answer.join();
  }

  private static WebFacts read(Pages pages) {
    WebAnswer answer = pages.get(RootPage.PATH);
    if (!answer.ok()) {
      return WebFacts.unreadable(answer.result().reason());
    }
    RootPage root;
    try {
      root = RootPage.parse(answer.body());
    } catch (PageException e) {
      return WebFacts.unreadable(String.valueOf(e.getMessage()));
    }
    Optional<FlagsPage> flags = parsed(pages.get(FlagsPage.PATH), FlagsPage::parse);
    Optional<MetricsPage> metrics = parsed(pages.get(MetricsPage.PATH), MetricsPage::parse);
    Instant before = Instant.now();
    OptionalLong ahead = ahead(pages.get(FILE), before, Instant.now());
    return new WebFacts(
        Optional.empty(),
        known(root.version()),
        known(root.startTime()),
        metrics.flatMap(page -> known(page.text(MetricsPage.STATESTORE_REGISTRATION))),
        !Boolean.FALSE.equals(root.coordinator()),
        Boolean.TRUE.equals(root.executor()),
        Boolean.TRUE.equals(root.quiescing())
            ? Optional.of(known(root.shutdownStatus()).orElse("without a status"))
            : Optional.empty(),
        flag(flags, "fe_service_threads"),
        flag(flags, "client_keepalive_probe_period_s"),
        flag(flags, "idle_session_timeout"),
        flags.flatMap(page -> known(page.text("principal"))),
        known(metrics.map(page -> page.count(MetricsPage.CATALOG_VERSION)).orElse(-1L)),
        metrics.flatMap(page -> known(page.text(MetricsPage.CATALOG_SERVICE))),
        metrics.flatMap(page -> Optional.ofNullable(page.flag(MetricsPage.STATESTORE_CONNECTED))),
        ahead);
  }

  /**
   * Returns how far a clock is ahead, as far as its answer's date, in whole seconds, and the time
   * of the question can say.
   */
  private static OptionalLong ahead(WebAnswer answer, Instant before, Instant after) {
    if (answer.date().isEmpty()) {
      return OptionalLong.empty();
    }
    Instant date = answer.date().get();
    if (date.isAfter(after)) {
      return OptionalLong.of(Duration.between(after, date).toMillis());
    }
    Instant latest = date.plusSeconds(1);
    return OptionalLong.of(
        latest.isBefore(before) ? -Duration.between(latest, before).toMillis() : 0);
  }

  private interface Parser<T> {
    T parse(byte[] page) throws PageException;
  }

  private static <T> Optional<T> parsed(WebAnswer answer, Parser<T> parser) {
    if (!answer.ok()) {
      return Optional.empty();
    }
    try {
      return Optional.of(parser.parse(answer.body()));
    } catch (PageException e) {
      return Optional.empty();
    }
  }

  private static OptionalLong flag(Optional<FlagsPage> flags, String name) {
    return known(flags.map(page -> page.count(name)).orElse(-1L));
  }

  private static OptionalLong known(long count) {
    return count < 0 ? OptionalLong.empty() : OptionalLong.of(count);
  }

  private static Optional<String> known(String text) {
    return text.isEmpty() ? Optional.empty() : Optional.of(text);
  }

  @Override
  public void close() {
    var unused = loops.shutdownGracefully(0, 5, TimeUnit.SECONDS);
  }
}
