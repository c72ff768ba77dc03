package io.impalabalancer.core;

import static io.impalabalancer.core.BalancerRig.SOON;
import static io.impalabalancer.core.BalancerRig.coordinators;
import static io.impalabalancer.core.BalancerRig.listener;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients that come through a balancer in front, which says in a PROXY header who they are. */
@ParameterizedClass
@ValueSource(strings = {"epoll", "channel"})
class AcceptProxyTest extends WireTest {
  private static final String HERE = "accept-proxy = [\"127.0.0.0/8\"], ";
  private static final String V1 = "PROXY TCP4 192.0.2.1 198.51.100.1 40000 21050\r\n";
  private static final String V2 = "0d0a0d0a000d0a515549540a";

  private final BlockingQueue<String> coordinatorSaw = new LinkedBlockingQueue<>();

  AcceptProxyTest(String wire) {
    super(wire);
  }

  /** A balancer before a coordinator that answers each session when it has ended. */
  private BalancerRig rigWith(String settings) throws IOException {
    TestServer server =
        keep(
            new TestServer(socket -> {
              byte[] all = socket.getInputStream().readAllBytes();
              coordinatorSaw.add(new String(all, StandardCharsets.ISO_8859_1));
              socket.getOutputStream().write("answer".getBytes(StandardCharsets.ISO_8859_1));
            }));
    return rig(coordinators("", server.port()) + listener(settings));
  }

  private static byte[] text(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  private static byte[] v2(String hex) {
    return HexFormat.of().parseHex(V2 + hex.replace(" ", ""));
  }

  private static byte[] with(byte[] header, String said) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.writeBytes(header);
    all.writeBytes(text(said));
    return all.toByteArray();
  }

  /** Sends all and ends; returns the session when it has ended. */
  private SessionView session(BalancerRig rig, byte[] bytes) throws IOException {
    int before = rig.ended.size();
    Socket client = keep(rig.connect());
    client.getOutputStream().write(bytes);
    client.shutdownOutput();
    client.getInputStream().readAllBytes();
    return rig.awaitEnded(before + 1);
  }

  private String coordinatorSaw() throws InterruptedException {
    String saw = coordinatorSaw.poll(SOON.toMillis(), TimeUnit.MILLISECONDS);
    assertThat(saw).isNotNull();
    return saw;
  }

  @Test
  void theSessionIsThatOfTheClientThatTheHeaderNames() throws Exception {
    BalancerRig rig = rigWith(HERE);
    String tcp6 = "PROXY TCP6 2001:db8::1 2001:db8::2 40001 21050\r\n";
    List<byte[]> headers =
        List.of(
            text(V1),
            text(tcp6),
            v2("21 11 000c c0000201 c6336401 9c40 523a"),
            v2(
                "21 21 0024 20010db8000000000000000000000001 20010db8000000000000000000000002"
                    + " 9c41 523a"),
            // With a TLV of no use (0x04) and the header's checksum (0x03).
            v2("21 11 0017 c0000201 c6336401 9c40 523a 04 0001 00 03 0004 " + crc()));
    List<String> clients =
        List.of(
            "/192.0.2.1:40000",
            "/[2001:db8:0:0:0:0:0:1]:40001",
            "/192.0.2.1:40000",
            "/[2001:db8:0:0:0:0:0:1]:40001",
            "/192.0.2.1:40000");
    for (int i = 0; i < headers.size(); i++) {
      SessionView session = session(rig, with(headers.get(i), "hello"));
      assertThat(coordinatorSaw()).as("never the header").isEqualTo("hello");
      assertThat(session.clientAddress()).hasToString(clients.get(i));
      assertThat(session.bytesToCoordinator()).isEqualTo(5);
      assertThat(session.termination()).isEqualTo(Termination.COMPLETED);
    }
  }

  /** The checksum of the header in the test above, as HAProxy and others compute it. */
  private static String crc() {
    java.util.zip.CRC32C crc = new java.util.zip.CRC32C();
    crc.update(v2("21 11 0017 c0000201 c6336401 9c40 523a 04 0001 00 03 0004 00000000"));
    return HexFormat.of().toHexDigits((int) crc.getValue());
  }

  @Test
  void whatNamesNoClientLeavesTheAddressOfTheConnection() throws Exception {
    BalancerRig rig = rigWith(HERE);
    for (byte[] header :
        List.of(
            text("PROXY UNKNOWN\r\n"),
            text("PROXY UNKNOWN ffff:f...f:ffff 65535 65535\r\n"),
            v2("20 00 0000"),
            v2("20 11 000c c0000201 c6336401 9c40 523a"),
            v2("21 00 0003 040000"),
            v2("21 12 000c c0000201 c6336401 9c40 523a"))) {
      SessionView session = session(rig, with(header, "hello"));
      assertThat(coordinatorSaw()).isEqualTo("hello");
      assertThat(session.clientAddress().getAddress().isLoopbackAddress()).isTrue();
    }
  }

  @Test
  void aHeaderMayComeByteByByte() throws Exception {
    BalancerRig rig = rigWith(HERE + "dial = on-first-bytes");
    for (byte[] header : List.of(text(V1), v2("21 11 000c c0000201 c6336401 9c40 523a"))) {
      Socket client = keep(rig.connect());
      for (byte each : with(header, "hi")) {
        client.getOutputStream().write(each);
      }
      client.shutdownOutput();
      assertThat(coordinatorSaw()).isEqualTo("hi");
      client.getInputStream().readAllBytes();
    }
    assertThat(rig.awaitEnded(2).clientAddress()).hasToString("/192.0.2.1:40000");
  }

  @Test
  void theHeaderAloneIsNoFirstByte() throws Exception {
    BalancerRig rig = rigWith(HERE + "dial = on-first-bytes");
    Socket client = keep(rig.connect());
    client.getOutputStream().write(text(V1));
    client.shutdownOutput();
    assertThat(client.getInputStream().read()).isEqualTo(-1);
    SessionView session = rig.awaitEnded(1);
    assertThat(session.termination()).isEqualTo(Termination.CLIENT_LEFT);
    assertThat(session.phase()).isEqualTo(Phase.FIRST_BYTES);
    assertThat(session.clientAddress()).hasToString("/192.0.2.1:40000");
  }

  @Test
  void whereTheServerSpeaksFirstTheHeaderIsWhatIsWaitedFor() throws Exception {
    TestServer greeter =
        keep(
            new TestServer(socket -> {
              socket.getOutputStream().write('g');
              socket.getInputStream().readAllBytes();
            }));
    BalancerRig rig = rig(coordinators("", greeter.port()) + listener(HERE + "dial = on-accept"));
    Socket client = keep(rig.connect());
    client.getOutputStream().write(text(V1));
    assertThat(client.getInputStream().read()).isEqualTo('g');
    client.shutdownOutput();
    client.getInputStream().readAllBytes();
    assertThat(rig.awaitEnded(1).clientAddress()).hasToString("/192.0.2.1:40000");
  }

  @Test
  void aConnectionFromElsewhereIsClosedWithAReason() throws Exception {
    BalancerRig rig = rigWith("accept-proxy = [\"192.0.2.0/24\", \"::1\"]");
    SessionView session = session(rig, new byte[0]);
    assertThat(session.termination()).isEqualTo(Termination.PROXY_NOT_ALLOWED);
    assertThat(session.phase().letter()).isEqualTo('R');
    assertThat(session.clientAddress().getAddress().isLoopbackAddress()).isTrue();
  }

  @Test
  void whatIsNoHeaderIsClosedWithAReason() throws Exception {
    BalancerRig rig = rigWith(HERE);
    List<byte[]> bad =
        List.of(
            // A client that speaks Thrift, HTTP or a little too much.
            new byte[] {(byte) 0x80, 1, 0, 1},
            text("POST / HTTP/1.1\r\n"),
            text("PROXZ"),
            text("PROXY TCP4 " + "1".repeat(200)),
            text("PROXY TCP4 192.0.2.1 198.51.100.1 40000 21050\n"),
            text("PROXY TCP4 192.0.2.1 198.51.100.1 40000\r\n"),
            text("PROXY TCP4  192.0.2.1 198.51.100.1 40000 21050\r\n"),
            text("PROXY TCP4 192.0.2.256 198.51.100.1 40000 21050\r\n"),
            text("PROXY TCP4 localhost 198.51.100.1 40000 21050\r\n"),
            text("PROXY TCP4 2001:db8::1 198.51.100.1 40000 21050\r\n"),
            text("PROXY TCP6 192.0.2.1 2001:db8::1 40000 21050\r\n"),
            text("PROXY TCP4 192.0.2.1 198.51.100.1 65536 21050\r\n"),
            text("PROXY TCP4 192.0.2.1 198.51.100.1 040 21050\r\n"),
            text("PROXY \r\n"),
            text("PROXY UDP4 192.0.2.1 198.51.100.1 40000 21050\r\n"),
            // Version 1 in the binary form, a command that is none, lengths that lie.
            v2("11 11 000c c0000201 c6336401 9c40 523a"),
            v2("22 11 000c c0000201 c6336401 9c40 523a"),
            v2("21 11 000b c0000201 c6336401 9c40 52"),
            v2("21 21 000c c0000201 c6336401 9c40 523a"),
            v2("21 11 ffff c0000201"),
            v2("21 11 000e c0000201 c6336401 9c40 523a 0400"),
            v2("21 11 000f c0000201 c6336401 9c40 523a 040001"),
            v2("21 11 0013 c0000201 c6336401 9c40 523a 03 0004 12345678"));
    for (byte[] each : bad) {
      SessionView session = session(rig, with(each, "hello"));
      assertThat(session.termination())
          .as(new String(each, StandardCharsets.ISO_8859_1))
          .isEqualTo(Termination.PROXY_HEADER_BAD);
      assertThat(session.phase().letter()).isEqualTo('R');
    }
    assertThat(coordinatorSaw).isEmpty();
  }

  @Test
  void aHeaderThatIsCutIsALeavingClient() throws Exception {
    BalancerRig rig = rigWith(HERE);
    for (byte[] cut : List.of(text(V1.substring(0, 20)), v2("21 11 000c c000"))) {
      SessionView session = session(rig, cut);
      assertThat(session.termination()).isEqualTo(Termination.CLIENT_LEFT);
      assertThat(session.phase()).isEqualTo(Phase.FIRST_BYTES);
    }
    assertThat(coordinatorSaw).isEmpty();
  }

  @Test
  void aHeaderThatDoesNotEndHasUntilFirstBytes() throws Exception {
    BalancerRig rig = rigWith(HERE + "timeouts.first-bytes = 10s");
    Socket client = keep(rig.connect());
    client.getOutputStream().write(text(V1.substring(0, 20)));
    rig.awaitSessions(1);
    rig.advance(Duration.ofSeconds(11));
    assertThat(client.getInputStream().read()).isEqualTo(-1);
    assertThat(rig.awaitEnded(1).termination()).isEqualTo(Termination.FIRST_BYTES_TIMEOUT);
  }

  @Test
  void withBalanceSourceTheClientOfTheHeaderCounts() throws Exception {
    TestServer one = keep(TestServer.echo());
    TestServer two = keep(TestServer.echo());
    BalancerRig rig =
        rig(coordinators("", one.port(), two.port()) + listener(HERE + "balance = source"));
    for (int i = 0; i < 64; i++) {
      Socket client = keep(rig.connect());
      client.getOutputStream().write(text("PROXY TCP4 192.0.2." + i + " 10.0.0.1 1 2\r\nx"));
      assertThat(client.getInputStream().read()).isEqualTo('x');
    }
    assertThat(rig.coordinator(0).sessions()).isBetween(10, 54);
    assertThat(rig.coordinator(0).sessions() + rig.coordinator(1).sessions()).isEqualTo(64);
  }
}
