package io.impalabalancer.it;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** dnsmasq on a free port of 127.0.0.1, which knows names of {@code test} only. */
final class NameServer implements AutoCloseable {
  private static final Duration READY_TIMEOUT = Duration.ofSeconds(30);

  private final Path program = Requirement.program("dnsmasq", "dnsmasq-base");
  private final int port = FreePort.next();
  private @Nullable ChildProcess process;

  int port() {
    return port;
  }

  /**
   * Has it answer with these records and no others; meanwhile nobody answers.
   *
   * @param records options of dnsmasq, such as {@code host-record=impala.test,127.0.0.1}
   */
  void answer(List<String> records) {
    close();
    List<String> command =
        new ArrayList<>(
            List.of(
                program.toString(),
                "--keep-in-foreground",
                "--log-facility=-",
                "--conf-file=/dev/null",
                "--pid-file",
                "--user=",
                "--no-resolv",
                "--no-hosts",
                "--bind-interfaces",
                "--listen-address=127.0.0.1",
                "--port=" + port,
                "--local=/test/"));
    records.forEach(record -> command.add("--" + record));
    ChildProcess next =
        ChildProcess.start(
            "name-server", ChildProcess.newDirectory("name-server"), Map.of(), command);
    process = next;
    next.awaitLine("started", line -> line.text().contains("started, version"), READY_TIMEOUT);
  }

  @Override
  public void close() {
    ChildProcess ended = process;
    process = null;
    if (ended != null) {
      ended.close();
    }
  }
}
