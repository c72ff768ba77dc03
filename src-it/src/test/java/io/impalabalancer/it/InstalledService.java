package io.impalabalancer.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;

/** The balancer as a service of a booted {@link BareRoot}, before two coordinators. */
final class InstalledService {
  static final String CONF = "/etc/impala-balancer/impala-balancer.conf";
  private static final Duration SOON = Duration.ofMinutes(1);

  private final BareRoot root;
  private final EchoServer coordinators;

  InstalledService(BareRoot root, EchoServer coordinators) {
    this.root = root;
    this.coordinators = coordinators;
  }

  /** Copies a package into the root, and returns where it is for programs there. */
  String copy(String end) throws IOException {
    Path file = Packages.file(end);
    Files.copy(file, root.path("/" + file.getFileName()));
    return "/" + file.getFileName();
  }

  /** Writes its configuration, and returns the text: a listener for each port. */
  String configure(int... ports) throws IOException {
    StringBuilder listeners = new StringBuilder();
    for (int port : ports) {
      listeners.append(
          "{ name = l%1$d, bind = \"127.0.0.1:%1$d\", protocol = tcp }, ".formatted(port));
    }
    String text =
        """
        impala-balancer {
          coordinator-defaults.ports {
            beeswax = none, hiveserver2 = none, hiveserver2-http = none, web = none
          }
          coordinators = [
            { name = impala-1, host = "127.0.0.1", ports { tcp = %d } }
            { name = impala-2, host = "127.0.0.1", ports { tcp = %d } }
          ]
          listeners = [%s]
          check { type = tcp, inter = 500ms }
          runtime.socket = /run/impala-balancer/admin.sock
          state-file = /var/lib/impala-balancer/state
          log { sessions = file, session-file = /var/log/impala-balancer/sessions.log }
          stats.bind = none
        }
        """
            .formatted(coordinators.port(), coordinators.port2(), listeners);
    Files.writeString(root.path(CONF), text);
    return text;
  }

  String systemctl(String command) {
    return root.run("systemctl", command, "impala-balancer");
  }

  /** Returns what systemd knows of the unit, such as {@code MainPID}. */
  String property(String name) {
    return root.run("systemctl", "show", "--property=" + name, "--value", "impala-balancer");
  }

  void awaitProperty(String name, String value) {
    await().atMost(SOON).untilAsserted(() -> assertThat(property(name)).isEqualTo(value));
  }

  String journal(String... options) {
    return root.run(
        Stream.concat(
                Stream.of("journalctl", "-u", "impala-balancer", "-o", "cat"), Stream.of(options))
            .toArray(String[]::new));
  }

  void awaitJournal(String text) {
    await().atMost(SOON).untilAsserted(() -> assertThat(journal()).contains(text));
  }
}
