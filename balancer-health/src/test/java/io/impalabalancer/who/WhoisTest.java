package io.impalabalancer.who;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.impalabalancer.config.ConfigLoader;
import io.impalabalancer.core.Balancer;
import io.impalabalancer.core.SessionSnapshot;
import io.impalabalancer.health.HealthChecker;
import io.impalabalancer.health.page.SessionsPage.ImpalaSession;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.util.concurrent.MockTicker;
import io.netty.util.concurrent.Ticker;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Who is on real sessions, as the page of their coordinator has it. */
class WhoisTest {
  private final MultiThreadIoEventLoopGroup group =
      new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
  private final MockTicker ticker = Ticker.newMockTicker();
  private final List<CompletableFuture<byte[]>> asked = new ArrayList<>();
  private final List<Socket> clients = new ArrayList<>();
  private final Whois whois =
      new Whois(
          coordinator -> {
            CompletableFuture<byte[]> page = new CompletableFuture<>();
            asked.add(page);
            return page;
          },
          ticker);

  private ServerSocket coordinator;
  private Balancer balancer;
  private HealthChecker checker;

  @BeforeEach
  void start() throws Exception {
    coordinator = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    balancer =
        new Balancer(
            ConfigLoader.parse(
                    "test.conf",
                    """
                    impala-balancer {
                      threads = 1
                      stats.bind = none
                      check.type = none
                      coordinators = [{ name = c1, host = 127.0.0.1, ports.tcp = %d }]
                      listeners = [{ name = l, bind = "127.0.0.1:0", protocol = tcp }]
                    }
                    """
                        .formatted(coordinator.getLocalPort()))
                .config());
    checker = HealthChecker.of(balancer, group);
    balancer.addListener(checker);
    checker.start().toCompletableFuture().get(10, TimeUnit.SECONDS);
    balancer.open();
  }

  @AfterEach
  void stop() throws IOException {
    for (Socket client : clients) {
      client.close();
    }
    checker.close();
    balancer.close();
    group.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
    coordinator.close();
  }

  /** Opens a session and returns it. */
  private SessionSnapshot session() throws Exception {
    clients.add(
        new Socket(
            InetAddress.getLoopbackAddress(),
            balancer.listeners().get(0).addresses().get(0).getPort()));
    clients.add(coordinator.accept());
    int sessions = clients.size() / 2;
    await().until(() -> sessions().size() == sessions);
    return sessions().get(sessions - 1);
  }

  private List<SessionSnapshot> sessions() throws Exception {
    return balancer.snapshot().toCompletableFuture().get(10, TimeUnit.SECONDS).stream()
        .filter(each -> each.localAddress() != null)
        .toList();
  }

  private CompletableFuture<Whois.Answer> ask(Duration mostAge, SessionSnapshot... sessions) {
    return whois.of(List.of(sessions), mostAge, Duration.ofSeconds(30)).toCompletableFuture();
  }

  private static Whois.Answer answer(CompletableFuture<Whois.Answer> asked) throws Exception {
    return asked.get(10, TimeUnit.SECONDS);
  }

  /** Answers the last question. */
  private void say(String page) {
    asked.get(asked.size() - 1).complete(page.getBytes(StandardCharsets.UTF_8));
  }

  private static String connection(String user, SessionSnapshot session) {
    InetSocketAddress local = Objects.requireNonNull(session.localAddress());
    return """
    {"connection_id":"1:2","user":"%s","delegated_user":"bob","network_address":"127.0.0.1:%d",
     "server_name":"hiveserver2-frontend","session_ids":"a:b\\nc:d\\ne:f"}
    """
        .formatted(user, local.getPort());
  }

  private static String page(String connections) {
    return """
    {"sessions":[
      {"type":"HIVESERVER2","session_id":"a:b","user":"alice","delegated_user":"bob",
       "inflight_queries":2},
      {"type":"HIVESERVER2","session_id":"c:d","user":"alice","delegated_user":"bob",
       "inflight_queries":1}],
     "connections":[%s]}
    """
        .formatted(connections);
  }

  @Test
  void aSessionHasTheUserAndTheSessionsOfItsConnection() throws Exception {
    SessionSnapshot one = session();
    SessionSnapshot two = session();
    pass();
    CompletableFuture<Whois.Answer> answer = ask(Whois.LIST, one, two);
    say(page(connection("alice", one)));
    assertThat(answer(answer).problems()).isEmpty();
    assertThat(answer(answer).sessions()).containsOnlyKeys(one.id());
    Who who = Objects.requireNonNull(answer(answer).sessions().get(one.id()));
    assertThat(who.user()).isEqualTo("alice");
    assertThat(who.delegatedUser()).isEqualTo("bob");
    assertThat(who.sessions()).extracting(ImpalaSession::id).containsExactly("a:b", "c:d");
    assertThat(who.queries()).isEqualTo(3);
  }

  @Test
  void whoRunsAQueryIsKnownByItsSessions() throws Exception {
    SessionSnapshot one = session();
    SessionSnapshot two = session();
    pass();
    CompletableFuture<Set<Long>> running = whois.running(List.of(one, two)).toCompletableFuture();
    String idle = connection("alice", two).replace("a:b\\nc:d\\n", "");
    assertThat(idle).contains("\"e:f\"");
    say(page(connection("alice", one) + "," + idle));
    assertThat(running.get(10, TimeUnit.SECONDS)).containsExactly(one.id());
  }

  /** Lets the clock of the wall go on, so that a page is younger than a session. */
  private static void pass() {
    long now = System.currentTimeMillis();
    await().until(() -> System.currentTimeMillis() > now + 1);
  }

  @Test
  void oneAnswerServesAllForAWhileAndOneQuestionIsAskedAtATime() throws Exception {
    SessionSnapshot one = session();
    pass();
    CompletableFuture<Whois.Answer> first = ask(Whois.LIST, one);
    CompletableFuture<Whois.Answer> second = ask(Whois.ONCE, one);
    ticker.advance(1, TimeUnit.MINUTES);
    CompletableFuture<Whois.Answer> third = ask(Whois.ONCE, one);
    assertThat(asked).hasSize(1);
    say(page(connection("alice", one)));
    for (CompletableFuture<Whois.Answer> each : List.of(first, second, third)) {
      assertThat(answer(each).sessions()).hasSize(1);
    }
    CompletableFuture<Whois.Answer> next = ask(Whois.LIST, one);
    assertThat(asked).hasSize(2);
    say(page(""));
    assertThat(answer(next).sessions()).isEmpty();
    ticker.advance(Whois.LIST.toMillis() - 1, TimeUnit.MILLISECONDS);
    ask(Whois.LIST, one);
    assertThat(asked).hasSize(2);
    ask(Whois.ONCE, one);
    assertThat(asked).hasSize(3);
  }

  @Test
  void ofASessionThatIsYoungerThanTheAnswerNothingIsSaid() throws Exception {
    SessionSnapshot one = session();
    pass();
    ask(Whois.LIST, one);
    pass();
    SessionSnapshot two = session();
    say(page(connection("alice", one) + "," + connection("mallory", two)));
    assertThat(answer(ask(Whois.LIST, one, two)).sessions()).containsOnlyKeys(one.id());
  }

  @Test
  void aPageThatIsNoneIsAProblemOfItsCoordinator() throws Exception {
    SessionSnapshot one = session();
    CompletableFuture<Whois.Answer> answer = ask(Whois.LIST, one);
    say("<html>");
    assertThat(answer(answer).sessions()).isEmpty();
    assertThat(answer(answer).problems())
        .isEqualTo(java.util.Map.of("c1", "the page is no JSON object, it begins with <html>"));
    ticker.advance(1, TimeUnit.MINUTES);
    CompletableFuture<Whois.Answer> next = ask(Whois.LIST, one);
    asked.get(1).completeExceptionally(new IOException("http status 401"));
    assertThat(answer(next).problems()).isEqualTo(java.util.Map.of("c1", "http status 401"));
  }

  @Test
  void addressesAreReadAsImpalaWritesThem() {
    assertThat(Whois.address("10.0.0.1:5")).isEqualTo(new InetSocketAddress("10.0.0.1", 5));
    assertThat(Whois.address("[::ffff:10.0.0.1]:5"))
        .isEqualTo(new InetSocketAddress("10.0.0.1", 5));
    assertThat(Whois.address("[fd00::1]:5")).isEqualTo(new InetSocketAddress("fd00::1", 5));
    assertThat(Whois.address("host:5")).isNull();
    assertThat(Whois.address("10.0.0.1")).isNull();
    assertThat(Whois.address("10.0.0.1:99999")).isNull();
  }
}
