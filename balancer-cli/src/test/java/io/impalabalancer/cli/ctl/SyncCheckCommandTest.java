package io.impalabalancer.cli.ctl;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import picocli.CommandLine;

/** What {@code ctl sync-check} says of balancers, by what their {@code /metrics} say. */
@Timeout(60)
class SyncCheckCommandTest {
  private final List<HttpServer> servers = new ArrayList<>();
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @AfterEach
  void stop() {
    servers.forEach(server -> server.stop(0));
  }

  /** Returns where a balancer answers with this status and page. */
  private String balancer(int status, String page) throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/metrics",
        exchange -> {
          byte[] body = page.getBytes(UTF_8);
          exchange.sendResponseHeaders(status, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.start();
    servers.add(server);
    return "127.0.0.1:" + server.getAddress().getPort();
  }

  private String balancer(String hash) throws IOException {
    return balancer(
        200,
        """
        # TYPE impala_balancer_config_info gauge
        impala_balancer_config_info{hash="%s"} 1
        impala_balancer_build_info{java="25",version="1.2"} 1
        impala_balancer_last_reload_success 1.0
        """
            .formatted(hash));
  }

  private int check(String... hosts) {
    CommandLine command = new CommandLine(new CtlCommand());
    command.setOut(new PrintWriter(out, true));
    command.setErr(new PrintWriter(err, true));
    List<String> arguments = new ArrayList<>(List.of("sync-check"));
    arguments.addAll(List.of(hosts));
    return command.execute(arguments.toArray(String[]::new));
  }

  @Test
  void theSameConfigurationIsStatusZero() throws IOException {
    assertThat(check(balancer("aa11"), "http://" + balancer("aa11") + "/")).isZero();
    assertThat(out.toString().lines())
        .anySatisfy(line -> assertThat(line).matches("HOST +CONFIG +VERSION +LAST RELOAD"))
        .filteredOn(line -> line.matches(".* aa11 +1\\.2 +ok"))
        .hasSize(2);
    assertThat(err).hasToString("");
  }

  @Test
  void anotherConfigurationIsStatusOneAndSaidSo() throws IOException {
    assertThat(check(balancer("aa11"), balancer("bb22"), "--json")).isEqualTo(1);
    assertThat(err.toString()).contains("they do not run the same configuration");
    assertThat(out.toString()).contains("\"config\": \"aa11\"", "\"config\": \"bb22\"");
  }

  @Test
  void whoDoesNotAnswerIsNamedAndStatusThree() throws IOException {
    int closed;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      closed = socket.getLocalPort();
    }
    assertThat(check(balancer("aa11"), "127.0.0.1:" + closed)).isEqualTo(3);
    assertThat(err.toString()).contains("127.0.0.1:" + closed + ": Connection refused");
  }

  @Test
  void whatIsNoBalancerIsSaidToBeNone() throws IOException {
    assertThat(check(balancer(200, "up 1\n"))).isEqualTo(3);
    assertThat(err.toString()).contains("no balancer");
    assertThat(check(balancer(401, ""))).isEqualTo(3);
    assertThat(err.toString()).contains("stats.open-metrics");
    assertThat(check("two words")).isEqualTo(3);
    assertThat(err.toString()).contains("is no HOST, HOST:PORT or http address");
  }

  @Test
  void aRefusedReloadIsShown() throws IOException {
    assertThat(
            check(
                balancer(
                    200,
                    """
                    impala_balancer_config_info{hash="a"} 1
                    impala_balancer_last_reload_success 0.0
                    """)))
        .isZero();
    assertThat(out.toString()).contains("refused");
  }

  @Test
  void withoutAHostTheUsageIsWrong() {
    assertThat(check()).isEqualTo(2);
  }
}
