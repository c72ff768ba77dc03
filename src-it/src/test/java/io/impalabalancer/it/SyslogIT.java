package io.impalabalancer.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a real rsyslog makes of the session log. */
class SyslogIT {
  private static final Duration SOON = Duration.ofSeconds(20);

  @RegisterExtension private final Opened opened = new Opened();

  @ParameterizedTest
  @CsvSource({
    "udp, rfc3164",
    "udp, rfc5424",
    "tcp, rfc3164",
    "tcp, rfc5424",
    "unix, rfc3164",
    "unix, rfc5424"
  })
  void rsyslogKnowsFacilitySeverityTagAndLine(String transport, String format) throws IOException {
    Path rsyslogd = Requirement.program("rsyslogd", "rsyslog");
    Path directory = ChildProcess.newDirectory("rsyslog");
    Path out = directory.resolve("out.log");
    Path socket = directory.resolve("log");
    int port = FreePort.next();
    Path config =
        Files.writeString(
            directory.resolve("rsyslog.conf"),
            """
            global(workDirectory="%1$s")
            module(load="imudp")
            module(load="imtcp")
            module(load="imuxsock" sysSock.use="off")
            input(type="imudp" address="127.0.0.1" port="%2$d")
            input(type="imtcp" address="127.0.0.1" port="%2$d")
            input(type="imuxsock" socket="%3$s" useSpecialParser="%5$s")
            template(name="t" type="string"
              string="%%syslogfacility-text%%|%%syslogseverity-text%%|%%programname%%|%%msg%%\\n")
            local3.* action(type="omfile" file="%4$s" template="t")
            """
                .formatted(directory, port, socket, out, format.equals("rfc5424") ? "off" : "on"));
    opened.keep(
        ChildProcess.start(
            "rsyslogd",
            directory,
            Map.of(),
            List.of(
                rsyslogd.toString(),
                "-n",
                "-f",
                config.toString(),
                "-i",
                directory.resolve("pid").toString())));
    Awaitility.await().atMost(SOON).until(() -> Files.exists(socket));

    ServerSocket coordinator =
        opened.keep(new ServerSocket(0, 5, InetAddress.getLoopbackAddress()));
    coordinator.setSoTimeout((int) SOON.toMillis());
    int listener = FreePort.next();
    String address =
        transport.equals("unix") ? "unix:" + socket : transport + "://127.0.0.1:" + port;
    opened.keep(
        BalancerProcess.start(
            """
            impala-balancer {
              coordinators = [{ name = c1, host = "127.0.0.1", ports { tcp = %d } }]
              listeners = [{ name = l, bind = "127.0.0.1:%d", protocol = tcp }]
              check.type = none
              log { sessions = syslog
                syslog { address = "%s", format = %s, facility = local3, severity = notice } }
            }
            """
                .formatted(coordinator.getLocalPort(), listener, address, format)));
    Socket client = new Socket(InetAddress.getLoopbackAddress(), listener);
    String from = "127.0.0.1:" + client.getLocalPort();
    coordinator.accept().close();
    client.close();
    Awaitility.await().atMost(SOON).until(() -> Files.exists(out) && Files.size(out) > 0);
    assertThat(Files.readAllLines(out))
        .singleElement()
        .asString()
        .matches("local3\\|notice\\|impala-balancer\\| ?" + from + " \\[\\S+] l l/c1 .* 0/0 \\S+");
  }
}
