package io.impalabalancer.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A balancer that runs out of descriptors says so once, and recovers. */
class ExhaustionIT {
  private static final Duration TIMEOUT = Duration.ofSeconds(20);
  private static final int DESCRIPTORS = 200;

  private final List<Socket> clients = new ArrayList<>();

  @AfterEach
  void closeClients() throws IOException {
    for (Socket client : clients) {
      client.close();
    }
  }

  @Test
  void acceptingPausesAndRecoversAndASessionThatCannotDialIsNamed() throws Exception {
    int port = FreePort.next();
    ExecutorService threads = Executors.newCachedThreadPool();
    try (ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        BalancerProcess balancer =
            BalancerProcess.start(
                """
                impala-balancer {
                  coordinators = [{ name = c1, host = 127.0.0.1, ports {
                    hiveserver2 = %d, beeswax = none, hiveserver2-http = none, web = none } }]
                  listeners = [{ name = l, bind = "127.0.0.1:%d", protocol = hiveserver2 }]
                  check { type = none }
                  log { sessions = stdout }
                }
                """
                    .formatted(server.getLocalPort(), port),
                // Both limits: Java raises the soft one to the hard one.
                List.of("sh", "-c", "ulimit -n " + DESCRIPTORS + "; exec \"$@\"", "sh"))) {
      threads.execute(() -> echo(server, threads));
      ChildProcess process = balancer.process();

      for (int i = 0; i < DESCRIPTORS; i++) {
        clients.add(connect(port));
      }
      process.awaitLine("exhausted", line -> has(line, "event=resources-exhausted"), TIMEOUT);

      Socket speaker = clients.get(0);
      speaker.getOutputStream().write('x');
      assertThat(speaker.getInputStream().read()).isEqualTo(-1);
      process.awaitLine("no-resources", line -> has(line, " RC ", " no-resources"), TIMEOUT);

      closeClients();
      clients.clear();
      Awaitility.await()
          .atMost(TIMEOUT)
          .until(() -> {
            try (Socket later = connect(port)) {
              later.getOutputStream().write('y');
              assertThat(later.getInputStream().read()).isEqualTo('y');
            }
            return process.lines().stream().anyMatch(line -> has(line, "event=resources-back"));
          });

      assertThat(process.lines())
          .filteredOn(line -> has(line, " ERROR "))
          .as("said once, and no other")
          .singleElement()
          .matches(line -> has(line, "event=resources-exhausted"));
      process.forgetLines();
    } finally {
      threads.shutdownNow();
    }
  }

  private static boolean has(ChildProcess.Line line, String... texts) {
    for (String text : texts) {
      if (!line.text().contains(text)) {
        return false;
      }
    }
    return true;
  }

  private static Socket connect(int port) throws IOException {
    Socket client = new Socket(InetAddress.getLoopbackAddress(), port);
    client.setSoTimeout((int) TIMEOUT.toMillis());
    return client;
  }

  private static void echo(ServerSocket server, ExecutorService threads) {
    while (!server.isClosed()) {
      try {
        Socket client = server.accept();
        threads.execute(() -> {
          try (client) {
            client.getInputStream().transferTo(client.getOutputStream());
          } catch (IOException ended) {
            // The client sees what came of it.
          }
        });
      } catch (IOException closed) {
        return;
      }
    }
  }
}
