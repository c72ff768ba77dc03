package io.impalabalancer.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.impalabalancer.simulator.SimulatedClientException.Reason;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class DemoPhaseTest {
  private final DemoPhase phase =
      new DemoPhase("A", "title", new InetSocketAddress(InetAddress.getLoopbackAddress(), 1));

  @Test
  void whatHasNotBegunSaysSo() {
    assertThat(phase.result().begun()).isFalse();
  }

  @Test
  void answersGiveAverageP95AndShares() {
    phase.begin();
    for (int i = 1; i <= 100; i++) {
      phase.answered(i <= 75 ? "one" : "two", TimeUnit.MILLISECONDS.toNanos(10L * i));
    }
    DemoPhase.Result result = phase.result();
    assertThat(result.begun()).isTrue();
    assertThat(result.answered()).isEqualTo(100);
    assertThat(result.average()).isCloseTo(0.505, within(0.002));
    assertThat(result.p95()).isCloseTo(0.95, within(0.002));
    assertThat(result.sharePercent("one")).isEqualTo(75);
    assertThat(result.sharePercent("two")).isEqualTo(25);
    assertThat(result.sharePercent("three")).isZero();
    assertThat(result.perSecond()).isPositive();
  }

  @Test
  void failuresAreCountedByReasonAndNotAmongTheAnswers() {
    phase.begin();
    phase.answered("one", 1);
    phase.failed(Reason.IMPALA);
    phase.failed(Reason.IMPALA);
    phase.failed(Reason.CUT);
    assertThat(phase.result().failedPercent()).isEqualTo(75);
    assertThat(phase.result().failures()).isEqualTo(Map.of(Reason.IMPALA, 2, Reason.CUT, 1));
    assertThat(phase.result().sharePercent("one")).isEqualTo(100);
  }
}
