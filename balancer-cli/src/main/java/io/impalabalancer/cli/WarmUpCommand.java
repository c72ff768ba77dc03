package io.impalabalancer.cli;

import io.impalabalancer.config.ConfigException;
import io.impalabalancer.config.ConfigLoader;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/**
 * {@code warm-up}: a balancer that starts, serves one client and one scrape on free ports, and
 * ends. The launcher has the JVM keep the classes that this loads, which is a third of the time of
 * later starts.
 */
@Command(name = "warm-up", hidden = true, description = "Starts and ends, to prepare later starts.")
final class WarmUpCommand implements Callable<Integer> {
  private static final String CONFIG =
      """
      impala-balancer {
        coordinators = [{ name = none, host = "127.0.0.1", ports { beeswax = 1, web = 1 } }]
        listeners = [{ name = impala, bind = "127.0.0.1:0", protocol = beeswax }]
        stats.bind = "127.0.0.1:0"
      }
      """;

  @Override
  public Integer call() throws ConfigException, IOException, InterruptedException {
    try (BalancerServer server =
        BalancerServer.start(ConfigLoader.parse("warm-up", CONFIG).config())) {
      talk(server.balancer().listeners().get(0).addresses().get(0), "hello");
      InetSocketAddress stats = server.statsAddress();
      if (stats != null) {
        talk(stats, "GET /metrics HTTP/1.0\r\n\r\n");
      }
    }
    LogSetup.flush();
    return ExitStatus.OK;
  }

  /** Says something and hears the other out. */
  private static void talk(InetSocketAddress address, String text) throws IOException {
    try (Socket socket = new Socket(address.getAddress(), address.getPort())) {
      socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
      socket.getInputStream().readAllBytes();
    }
  }
}
