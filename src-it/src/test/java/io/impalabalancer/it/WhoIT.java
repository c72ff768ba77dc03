package io.impalabalancer.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Who is on a session, of which the balancer has seen nothing but bytes. */
class WhoIT {
  private static final Duration SOON = Duration.ofSeconds(30);

  @TempDir private Path directory;

  private final int port = FreePort.next();
  @RegisterExtension private final Opened opened = new Opened();

  /** Logs in by SASL PLAIN, as any client of Impala's. */
  private Socket logIn(String user) throws IOException {
    Socket client = opened.keep(new Socket(InetAddress.getLoopbackAddress(), port));
    client.setSoTimeout((int) SOON.toMillis());
    DataOutputStream out = new DataOutputStream(client.getOutputStream());
    byte[] mechanism = "PLAIN".getBytes(StandardCharsets.US_ASCII);
    byte[] response = ("\0" + user + "\0secret").getBytes(StandardCharsets.US_ASCII);
    out.writeByte(1);
    out.writeInt(mechanism.length);
    out.write(mechanism);
    out.writeByte(2);
    out.writeInt(response.length);
    out.write(response);
    assertThat(new DataInputStream(client.getInputStream()).readByte())
        .as("COMPLETE")
        .isEqualTo((byte) 5);
    return client;
  }

  @Test
  void theCoordinatorsPageSaysItInApiRuntimeCommandAndCtl() throws Exception {
    Simulator cluster = opened.keep(Simulator.start(2));
    Path socket = directory.resolve("admin.sock");
    BalancerProcess balancer =
        opened.keep(
            BalancerProcess.start(
                """
                impala-balancer {
                  coordinators = [%s]
                  coordinator-defaults.ports.hiveserver2-http = none
                  listeners = [{ name = jdbc, bind = "127.0.0.1:%d", protocol = hiveserver2,
                                 balance = roundrobin }]
                  runtime.socket = "%s"
                }
                """
                    .formatted(cluster.coordinators(), port, socket)));
    Socket alice = logIn("alice");
    Socket bob = logIn("bob");
    await()
        .atMost(SOON)
        .untilAsserted(() -> {
          assertThat(user(balancer, alice.getLocalPort())).isEqualTo("alice");
          assertThat(user(balancer, bob.getLocalPort())).isEqualTo("bob");
        });
    String local = session(balancer, bob.getLocalPort()).get("local").getAsString();
    assertThat(ctl(socket, "who", Integer.toString(alice.getLocalPort())))
        .contains("127.0.0.1:" + alice.getLocalPort(), "alice")
        .doesNotContain("bob");
    assertThat(ctl(socket, "who", local)).contains(local, "bob").doesNotContain("alice");
    assertThat(ctl(socket, "who", "1")).contains("No such session.");
  }

  private static JsonObject session(BalancerProcess balancer, int clientPort) {
    for (JsonElement each :
        JsonParser.parseString(balancer.get("/api/v1/sessions?who=true").body())
            .getAsJsonObject()
            .getAsJsonArray("sessions")) {
      if (each.getAsJsonObject().get("client").getAsString().endsWith(":" + clientPort)) {
        return each.getAsJsonObject();
      }
    }
    throw new AssertionError("no session of " + clientPort);
  }

  private static String user(BalancerProcess balancer, int clientPort) {
    JsonElement who = session(balancer, clientPort).get("who");
    return who.isJsonNull() ? "" : who.getAsJsonObject().get("user").getAsString();
  }

  private static String ctl(Path socket, String... words) {
    List<String> arguments = new ArrayList<>(List.of("ctl", "-s", socket.toString()));
    arguments.addAll(List.of(words));
    return BalancerProcess.program(arguments).text();
  }
}
