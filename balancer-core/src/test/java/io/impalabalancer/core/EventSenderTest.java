package io.impalabalancer.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.impalabalancer.config.CheckKind;
import io.impalabalancer.config.Protocol;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Events reach everyone who listens. */
class EventSenderTest {
  private final List<String> told = new ArrayList<>();

  @Test
  void aListenerThatThrowsKeepsNothingFromTheOthers() {
    EventSender events = new EventSender();
    events.add(listener("first", false));
    events.add(listener("second", true));
    events.add(listener("third", false));
    Coordinator coordinator = TestPool.of(100).coordinator(0);
    events.connected(coordinator, Protocol.TCP);
    events.checked(coordinator, new CheckReport(CheckKind.HTTP, "ok", "", 1_000, 4));
    assertThat(told)
        .containsExactly(
            "first connected c1",
            "second connected c1",
            "third connected c1",
            "first checked ok",
            "second checked ok",
            "third checked ok");
  }

  private BalancerListener listener(String name, boolean isBroken) {
    return new BalancerListener() {
      @Override
      public void connected(Coordinator coordinator, Protocol protocol) {
        tell("connected " + coordinator);
      }

      @Override
      public void checked(Coordinator coordinator, CheckReport report) {
        tell("checked " + report.result());
      }

      private void tell(String event) {
        told.add(name + " " + event);
        if (isBroken) {
          throw new IllegalStateException("a defect, on purpose");
        }
      }
    };
  }
}
