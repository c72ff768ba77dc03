package io.impalabalancer.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import io.impalabalancer.cli.doctor.PortFacts.Answer;
import io.impalabalancer.simulator.SimulatedCoordinator;
import io.impalabalancer.simulator.SimulatorOptions;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What client ports answer to a client that never logs in. */
class PortProbeTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(20);
  private static final Duration SHORT = Duration.ofMillis(200);

  @TempDir Path directory;

  @Test
  void aPortThatTakesBareThriftIsNosasl() throws Exception {
    try (SimulatedCoordinator coordinator =
        SimulatedCoordinator.start("c", SimulatorOptions.builder().build())) {
      InetSocketAddress address =
          new InetSocketAddress(coordinator.host(), coordinator.hiveserver2Port());
      assertThat(new PortProbe(address, TIMEOUT).thrift().logins()).containsExactly("NOSASL");
    }
  }

  @Test
  void mechanismsAreToldApart() throws Exception {
    try (FakePort kerberos = new FakePort(FakePort.sasl(Set.of("GSSAPI")));
        FakePort both = new FakePort(FakePort.sasl(Set.of("GSSAPI", "PLAIN")))) {
      assertThat(probe(kerberos).thrift().logins()).containsExactly("GSSAPI");
      assertThat(probe(both).thrift().logins()).containsExactly("GSSAPI", "PLAIN");
    }
  }

  @Test
  void aTlsPortShowsItsCertificateAndItsLogins() throws Exception {
    ServerSocket tls = Certificates.listen(directory, "lb.example.com", "-1d", 100);
    try (FakePort port = new FakePort(tls, FakePort.sasl(Set.of("PLAIN")))) {
      PortFacts facts = probe(port).thrift();
      assertThat(facts.logins()).containsExactly("PLAIN");
      assertThat(facts.certificate().orElseThrow().getSubjectX500Principal().getName())
          .isEqualTo("CN=lb.example.com");
    }
  }

  @Test
  void aPortThatSaysNothingIsSilent() throws Exception {
    try (FakePort silent = new FakePort(socket -> socket.getInputStream().readAllBytes())) {
      PortFacts facts = new PortProbe(silent.address(), SHORT).thrift();
      assertThat(facts.answer()).isEqualTo(Answer.SILENT);
      assertThat(facts.detail()).isEqualTo("says nothing within 200 ms");
    }
  }

  @Test
  @Timeout(60)
  void aPortThatDripsIsGivenUp() throws Exception {
    try (FakePort drips =
        new FakePort(socket -> {
          byte[] head = "HTTP/1.1 200 OK\r\nX: ".getBytes(StandardCharsets.US_ASCII);
          socket.getOutputStream().write(head);
          while (!socket.isClosed()) {
            socket.getOutputStream().write('x');
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
          }
        })) {
      PortFacts facts = new PortProbe(drips.address(), SHORT).http();
      assertThat(facts.answer()).isEqualTo(Answer.SILENT);
      assertThat(facts.detail()).isEqualTo("says nothing whole within 2400 ms");
    }
  }

  @Test
  void aPortWhereNobodyListensIsClosed() throws Exception {
    InetSocketAddress address;
    try (ServerSocket gone = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      address = (InetSocketAddress) gone.getLocalSocketAddress();
    }
    PortFacts facts = new PortProbe(address, TIMEOUT).thrift();
    assertThat(facts.answer()).isEqualTo(Answer.CLOSED);
    assertThat(facts.detail()).isEqualTo("Connection refused");
  }

  @Test
  void aPortThatOnlyClosesSpeaksSomethingElse() throws Exception {
    try (FakePort port = new FakePort(socket -> {})) {
      assertThat(probe(port).thrift().answer()).isEqualTo(Answer.OTHER_PROTOCOL);
      assertThat(probe(port).http().answer()).isEqualTo(Answer.OTHER_PROTOCOL);
    }
  }

  @Test
  void httpOnABinaryPortIsNamed() throws Exception {
    try (FakePort port = new FakePort(http("400 Bad Request", ""))) {
      assertThat(probe(port).thrift().detail()).isEqualTo("speaks HTTP");
    }
  }

  @Test
  void schemesOfHttpAreRead() throws Exception {
    String asks = "WWW-Authenticate: Negotiate\r\nwww-authenticate: Basic realm=\"impala\"\r\n";
    try (FakePort asking = new FakePort(http("401 Unauthorized", asks));
        FakePort open = new FakePort(http("200 OK", ""))) {
      assertThat(probe(asking).http().logins()).containsExactly("Basic", "Negotiate");
      assertThat(probe(open).http().logins()).containsExactly("none");
    }
  }

  private static PortProbe probe(FakePort port) {
    return new PortProbe(port.address(), TIMEOUT);
  }

  private static FakePort.Behaviour http(String status, String headers) {
    return socket -> {
      socket.getInputStream().read(new byte[1024]);
      String head = "HTTP/1.1 " + status + "\r\n" + headers + "Content-Length: 0\r\n\r\n";
      socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
      socket.shutdownOutput();
      socket.getInputStream().readAllBytes();
    };
  }
}
