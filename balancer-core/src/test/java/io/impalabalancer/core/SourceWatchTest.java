package io.impalabalancer.core;

import static io.impalabalancer.core.BalancerRig.SOON;
import static io.impalabalancer.core.BalancerRig.coordinators;
import static io.impalabalancer.core.BalancerRig.listener;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** A source listener whose sessions nearly all come from one address is told of. */
class SourceWatchTest extends WireTest {
  private static final String SOURCE = "balance = source, dial = on-accept";

  private int connected;

  SourceWatchTest() {
    super("auto");
  }

  private BalancerRig rigWith(String settings) throws IOException {
    TestServer server = keep(new TestServer(socket -> socket.getInputStream().readAllBytes()));
    return rig(coordinators("", server.port()) + listener(settings));
  }

  private static double share(BalancerRig rig, SourceWatch watch) throws Exception {
    watch.sample().toCompletableFuture().get(10, TimeUnit.SECONDS);
    return rig.balancer.listeners().get(0).topSourceShare();
  }

  private void connect(BalancerRig rig, int count, String header) throws IOException {
    for (int i = 0; i < count; i++) {
      Socket client = keep(rig.connect());
      connected++;
      client.getOutputStream().write(header.formatted(i).getBytes(StandardCharsets.US_ASCII));
    }
    await().atMost(SOON).until(() -> rig.counters(0).assigned() == connected);
  }

  @Test
  void oneAddressWithMostSessionsIsToldOfOnceAnHour() throws Exception {
    BalancerRig rig = rigWith(SOURCE);
    SourceWatch watch = new SourceWatch(rig.balancer);
    connect(rig, SourceWatch.LEAST, "x");
    assertThat(share(rig, watch)).isEqualTo(1);
    assertThat(rig.log("event=one-source"))
        .singleElement()
        .asString()
        .contains("listener=l address=127.0.0.1 sessions=\"20 of 20\"", "set accept-proxy");
    rig.advance(Duration.ofMinutes(59));
    share(rig, watch);
    assertThat(rig.log("event=one-source")).hasSize(1);
    rig.advance(Duration.ofMinutes(1));
    share(rig, watch);
    assertThat(rig.log("event=one-source")).hasSize(2);
  }

  @Test
  void manyAddressesOrFewSessionsAreNot() throws Exception {
    BalancerRig rig = rigWith("accept-proxy = [\"127.0.0.0/8\"], balance = source");
    SourceWatch watch = new SourceWatch(rig.balancer);
    connect(rig, SourceWatch.LEAST - 1, "PROXY TCP4 10.0.0.1 10.0.0.2 40000 21050\r\nx");
    assertThat(share(rig, watch)).isZero();
    connect(rig, SourceWatch.LEAST + 1, "PROXY TCP4 10.0.1.%d 10.0.0.2 40000 21050\r\nx");
    assertThat(share(rig, watch)).isBetween(0.47, 0.48);
    assertThat(rig.log("event=one-source")).isEmpty();
  }

  @Test
  void withAnotherAlgorithmNobodyMinds() throws Exception {
    BalancerRig rig = rigWith("balance = leastconn, dial = on-accept");
    connect(rig, SourceWatch.LEAST, "x");
    assertThat(share(rig, new SourceWatch(rig.balancer))).isZero();
    assertThat(rig.log("event=one-source")).isEmpty();
  }
}
