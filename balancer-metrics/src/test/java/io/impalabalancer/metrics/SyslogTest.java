package io.impalabalancer.metrics;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.impalabalancer.config.LogConfig;
import io.impalabalancer.config.SyslogConfig;
import io.impalabalancer.config.SyslogConfig.Format;
import io.impalabalancer.config.SyslogConfig.Transport;
import io.impalabalancer.core.Balancer;
import io.impalabalancer.core.Listener;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.unix.DomainSocketAddress;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The session log as syslog messages, byte by byte on real sockets. */
class SyslogTest {
  private static final Balancer BALANCER = TestBalancer.withJdbc("");
  private static final int SOON = 10_000;
  private static final String LINE =
      "10\\.1\\.2\\.3:%d \\[\\S+] jdbc jdbc/<NOSRV> \\S+ 3000 -- \\S+ 0/0 completed";
  private static final String OLD = "<131>[A-Z][a-z]{2} [ \\d]\\d \\d\\d:\\d\\d:\\d\\d ";
  private static final String NEW =
      "<131>1 \\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}[+-]\\d\\d:\\d\\d ";
  private static final long PID = ProcessHandle.current().pid();

  @TempDir private Path directory;
  private final Listener jdbc = BALANCER.listeners().get(0);

  @AfterAll
  static void close() {
    BALANCER.close();
  }

  private static SessionLog open(Transport transport, String host, int port, Format format)
      throws IOException {
    return SessionLog.open(
        new LogConfig(
            LogConfig.SessionLog.SYSLOG,
            java.util.Optional.empty(),
            0,
            1,
            LogConfig.Format.TCPLOG,
            new SyslogConfig(transport, host, port, format, 16, 3, "lb-1", "impala"),
            100,
            "info"));
  }

  private void end(SessionLog log, int port) {
    FakeSession session = new FakeSession(jdbc, null);
    session.client = new InetSocketAddress("10.1.2.3", port);
    log.sessionEnded(session);
  }

  @Test
  void aDatagramALineInBothForms() throws IOException {
    try (DatagramSocket server = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
      server.setSoTimeout(SOON);
      try (SessionLog log =
          open(Transport.UDP, "127.0.0.1", server.getLocalPort(), Format.RFC3164)) {
        end(log, 1);
        end(log, 2);
        for (int i = 1; i <= 2; i++) {
          assertThat(receive(server))
              .matches(OLD + "lb-1 impala\\[" + PID + "]: " + LINE.formatted(i));
        }
      }
      try (SessionLog log =
          open(Transport.UDP, "127.0.0.1", server.getLocalPort(), Format.RFC5424)) {
        end(log, 3);
        assertThat(receive(server))
            .matches(NEW + "lb-1 impala " + PID + " - - " + LINE.formatted(3));
      }
    }
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aServerWhoseNameIsUnknownCostsNoDescriptor() throws IOException {
    String tooLong = "x".repeat(64) + ".invalid";
    Syslog syslog =
        new Syslog(
            new SyslogConfig(Transport.UDP, tooLong, 514, Format.RFC3164, 16, 3, "lb-1", "t"));
    long before = descriptors();
    for (int i = 0; i < 50; i++) {
      assertThatThrownBy(() -> syslog.write(ByteBuffer.wrap("line\n".getBytes(UTF_8))))
          .isInstanceOf(UnknownHostException.class);
    }
    assertThat(descriptors()).isLessThan(before + 25);
  }

  private static long descriptors() throws IOException {
    try (Stream<Path> files = Files.list(Path.of("/proc/self/fd"))) {
      return files.count();
    }
  }

  private static String receive(DatagramSocket server) throws IOException {
    DatagramPacket packet = new DatagramPacket(new byte[2000], 2000);
    server.receive(packet);
    return new String(packet.getData(), 0, packet.getLength(), UTF_8);
  }

  @Test
  void overTcpEachFormHasItsOwnEndOfAMessage() throws IOException {
    try (ServerSocket server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      server.setSoTimeout(SOON);
      String old = received(server, Format.RFC3164);
      assertThat(old)
          .matches(
              OLD
                  + "lb-1 impala\\[\\d+]: "
                  + LINE.formatted(1)
                  + "\n"
                  + OLD
                  + "lb-1 impala\\[\\d+]: "
                  + LINE.formatted(2)
                  + "\n");
      String counted = received(server, Format.RFC5424);
      for (int i = 1; i <= 2; i++) {
        int space = counted.indexOf(' ');
        int end = space + 1 + Integer.parseInt(counted.substring(0, space));
        assertThat(counted.substring(space + 1, end))
            .matches(NEW + "lb-1 impala \\d+ - - " + LINE.formatted(i));
        counted = counted.substring(end);
      }
      assertThat(counted).isEmpty();
    }
  }

  private String received(ServerSocket server, Format format) throws IOException {
    Socket connection;
    try (SessionLog log = open(Transport.TCP, "127.0.0.1", server.getLocalPort(), format)) {
      end(log, 1);
      end(log, 2);
      connection = server.accept();
    }
    try (connection) {
      return new String(connection.getInputStream().readAllBytes(), UTF_8);
    }
  }

  @Test
  void aServerThatGoesAndComesBackIsConnectedToAgain() throws IOException {
    InetAddress here = InetAddress.getLoopbackAddress();
    ServerSocket server = new ServerSocket(0, 5, here);
    int port = server.getLocalPort();
    try (SessionLog log = open(Transport.TCP, "127.0.0.1", port, Format.RFC3164)) {
      end(log, 1);
      Socket first = server.accept();
      assertThat(line(first)).matches(".*" + LINE.formatted(1));
      first.close();
      server.close();
      end(log, 2);
      try (ServerSocket again = new ServerSocket()) {
        again.setReuseAddress(true);
        again.bind(new InetSocketAddress(here, port));
        again.setSoTimeout(SOON);
        try (Socket second = again.accept()) {
          assertThat(line(second)).matches(".*" + LINE.formatted(2));
        }
      }
      assertThat(log.dropped()).isZero();
    }
  }

  private static String line(Socket socket) throws IOException {
    StringBuilder line = new StringBuilder();
    int next = socket.getInputStream().read();
    while (next >= 0 && next != '\n') {
      line.append((char) next);
      next = socket.getInputStream().read();
    }
    return line.toString();
  }

  @Test
  void aDeadServerHoldsNobodyAndWhatDoesNotFitIsCounted() throws IOException {
    int closed;
    try (ServerSocket server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      closed = server.getLocalPort();
    }
    SessionLog log = open(Transport.TCP, "127.0.0.1", closed, Format.RFC3164);
    for (int i = 0; i < 300; i++) {
      end(log, i);
    }
    log.close();
    assertThat(log.dropped()).isEqualTo(300);
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aSocketOfTheMachineIsSentNoHostname() throws IOException {
    assertThat(Epoll.isAvailable()).isTrue();
    Path path = directory.resolve("log");
    io.netty.channel.unix.Socket server = io.netty.channel.unix.Socket.newSocketDomainDgram();
    try (SessionLog log = open(Transport.UNIX, path.toString(), 0, Format.RFC3164)) {
      server.bind(new DomainSocketAddress(path.toString()));
      end(log, 1);
      ByteBuffer buffer = ByteBuffer.allocateDirect(2000);
      String[] message = new String[1];
      await()
          .until(() -> {
            var from = server.recvFromDomainSocket(buffer, 0, 2000);
            if (from == null) {
              return false;
            }
            byte[] bytes = new byte[from.receivedAmount()];
            buffer.get(0, bytes);
            message[0] = new String(bytes, UTF_8);
            return true;
          });
      assertThat(message[0]).matches(OLD + "impala\\[" + PID + "]: " + LINE.formatted(1));
    } finally {
      server.close();
    }
  }
}
