package io.impalabalancer.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import io.impalabalancer.config.AdminState;
import io.impalabalancer.config.ConfigLoader;
import io.impalabalancer.config.CoordinatorConfig;
import io.impalabalancer.config.DiscoverConfig;
import io.impalabalancer.config.Protocol;
import io.netty.util.concurrent.MockTicker;
import io.netty.util.concurrent.Ticker;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Who is found, missing and gone, round by round, with a clock that only the test moves. */
class DiscoveryTest {
  private static final int GONE_AFTER_SECONDS = 60;

  private final MockTicker ticker = Ticker.newMockTicker();
  private final List<String> told = new ArrayList<>();

  /** What the source says next; null: it fails. */
  private @Nullable List<Found> answer = List.of();

  private List<Found> askedWith = List.of();
  private boolean closed;
  private boolean refuses;
  private Discovery discovery = discovery("[\"http://h:1\"]", List.of());

  @AfterEach
  void close() {
    discovery.close();
    assertThat(closed).isTrue();
  }

  private Discovery discovery(String seeds, List<Found> before) {
    Discovery made =
        new Discovery(
            config(seeds),
            before,
            config ->
                new Source() {
                  @Override
                  public Answer ask(List<Found> known) throws IOException {
                    askedWith = known;
                    if (answer == null) {
                      throw new IOException("nobody answered");
                    }
                    return new Answer(answer, List.of());
                  }

                  @Override
                  public void close() {
                    closed = true;
                  }
                },
            ticker);
    made.follow(
        coordinators -> {
          if (refuses) {
            throw new IOException("not now");
          }
          told.add(String.join(" ", coordinators.stream().map(CoordinatorConfig::name).toList()));
        },
        made.found());
    return made;
  }

  private static DiscoverConfig config(String seeds) {
    try {
      return ConfigLoader.parse(
              "test.conf",
              """
              impala-balancer {
                coordinators = [declared]
                discover { seeds = %s, gone-after = %ds, interval = 1d }
                listeners = [{ name = l, bind = "127.0.0.1:0", protocol = hiveserver2 }]
              }
              """
                  .formatted(seeds, GONE_AFTER_SECONDS))
          .config()
          .discover();
    } catch (io.impalabalancer.config.ConfigException e) {
      throw new AssertionError(e);
    }
  }

  private static Found found(String name) {
    return found(name, name, 21050);
  }

  private static Found found(String name, String host, int port) {
    CoordinatorConfig coordinator =
        new CoordinatorConfig(
            name,
            host,
            Map.of(Protocol.HIVESERVER2, port),
            OptionalInt.of(port + 1),
            100,
            0,
            AdminState.READY);
    return new Found(coordinator, Optional.of(URI.create("http://" + host + ":1")), "test");
  }

  private void round(String... names) {
    answer = Stream.of(names).map(DiscoveryTest::found).toList();
    discovery.round();
  }

  private void silence() {
    answer = null;
    discovery.round();
  }

  private void pass(int seconds) {
    ticker.advance(seconds, TimeUnit.SECONDS);
  }

  @Test
  void whoIsListedIsFoundAtOnceAndToldOnce() {
    round("a");
    round("a", "b");
    round("b", "a");
    assertThat(told).containsExactly("a", "a b");
    assertThat(discovery.state().rounds()).isEqualTo(3);
    assertThat(askedWith).extracting(Found::name).containsExactly("a", "b");
  }

  @Test
  void whoIsLeftOutByEveryAnswerForLongIsGone() {
    round("a", "b");
    round("a");
    assertThat(discovery.state().missing()).containsExactly("b");
    pass(GONE_AFTER_SECONDS - 1);
    round("a");
    assertThat(told).containsExactly("a b");
    pass(1);
    round("a");
    assertThat(told).containsExactly("a b", "a");
    assertThat(discovery.state().missing()).isEmpty();
    round("a", "b");
    assertThat(told).containsExactly("a b", "a", "a b");
  }

  @Test
  void whoIsListedAgainWasNeverGone() {
    round("a", "b");
    round("a");
    pass(GONE_AFTER_SECONDS - 1);
    round("a", "b");
    round("a");
    pass(GONE_AFTER_SECONDS - 1);
    round("a");
    assertThat(told).containsExactly("a b");
  }

  @Test
  void silenceSaysNothing() {
    round("a", "b");
    for (int i = 0; i < 10; i++) {
      pass(GONE_AFTER_SECONDS);
      silence();
    }
    assertThat(told).containsExactly("a b");
    assertThat(discovery.state().failures()).isEqualTo(10);
    assertThat(discovery.state().problems()).containsExactly("nobody answered");
    round("a");
    pass(GONE_AFTER_SECONDS - 1);
    silence();
    pass(GONE_AFTER_SECONDS - 1);
    round("a");
    assertThat(told).containsExactly("a b");
    pass(1);
    round("a");
    assertThat(told).containsExactly("a b", "a");
    assertThat(discovery.state().problems()).isEmpty();
  }

  @Test
  void otherPortsAreNews() {
    round("a");
    answer = List.of(found("a", "a", 21055));
    discovery.round();
    assertThat(told).containsExactly("a", "a");
    assertThat(discovery.found().get(0).ports()).containsEntry(Protocol.HIVESERVER2, 21055);
  }

  @Test
  void whoComesBackUnderAnotherNameIsNotThereTwice() {
    answer = List.of(found("a", "h", 21050));
    discovery.round();
    answer = List.of(found("b", "h", 21050));
    discovery.round();
    assertThat(told).containsExactly("a", "b");
  }

  @Test
  void whatWasKnownBeforeTheStartIsFoundUntilItIsGone() {
    discovery.close();
    discovery = discovery("[\"http://h:1\"]", List.of(found("a"), found("b")));
    assertThat(discovery.found()).extracting(CoordinatorConfig::name).containsExactly("a", "b");
    silence();
    assertThat(askedWith).extracting(Found::name).containsExactly("a", "b");
    assertThat(discovery.found()).hasSize(2);
    round("b");
    pass(GONE_AFTER_SECONDS);
    round("b");
    assertThat(told.get(told.size() - 1)).isEqualTo("b");
  }

  @Test
  void whatCouldNotBeAppliedIsTriedAgain() {
    refuses = true;
    round("a");
    refuses = false;
    round("a");
    assertThat(told).containsExactly("a");
  }

  @Test
  void switchedOffNobodyIsFound() {
    round("a");
    discovery.setConfig(config("[]"));
    discovery.round();
    assertThat(told).containsExactly("a", "");
    assertThat(discovery.state().on()).isFalse();
  }
}
