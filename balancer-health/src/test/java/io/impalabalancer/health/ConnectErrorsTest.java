package io.impalabalancer.health;

import static io.impalabalancer.config.Protocol.BEESWAX;
import static io.impalabalancer.config.Protocol.HIVESERVER2;
import static io.impalabalancer.config.Protocol.TCP;
import static io.impalabalancer.core.ConnectFailure.NO_RESOURCES;
import static io.impalabalancer.core.ConnectFailure.REFUSED;
import static io.impalabalancer.core.ConnectFailure.TIMEOUT;
import static org.assertj.core.api.Assertions.assertThat;

import io.impalabalancer.config.CheckConfig;
import io.impalabalancer.config.OnError;
import io.impalabalancer.config.Protocol;
import io.impalabalancer.core.ConnectFailure;
import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ConnectErrorsTest {
  private static final Set<Protocol> BOTH = EnumSet.of(BEESWAX, HIVESERVER2);

  /** fall 3, limit 5. */
  private static final CheckConfig CONFIG = new Checks().onError(5, OnError.FAIL_CHECK).make();

  private final ConnectErrors errors = new ConnectErrors(CONFIG, BOTH, true);

  private static void fail(ConnectErrors of, int times, Protocol protocol, ConnectFailure failure) {
    for (int i = 0; i < times; i++) {
      of.failed(protocol, failure);
    }
  }

  @Test
  void aPortIsGoneAfterFallRefusedInARow() {
    fail(errors, 2, BEESWAX, REFUSED);
    assertThat(errors.portGone(BEESWAX)).isFalse();
    fail(errors, 1, BEESWAX, REFUSED);
    assertThat(errors.portGone(BEESWAX)).isTrue();
    assertThat(errors.portGone(HIVESERVER2)).isFalse();
  }

  @Test
  void aPortIsGoneAfterTheLimitOfAnyFailuresInARow() {
    fail(errors, 2, BEESWAX, REFUSED);
    fail(errors, 2, BEESWAX, TIMEOUT);
    assertThat(errors.portGone(BEESWAX)).isFalse();
    fail(errors, 1, BEESWAX, REFUSED);
    assertThat(errors.portGone(BEESWAX)).isTrue();
  }

  @Test
  void aSuccessClearsItsPortAndTheRow() {
    fail(errors, 2, BEESWAX, REFUSED);
    fail(errors, 2, HIVESERVER2, REFUSED);
    errors.connected(HIVESERVER2);
    assertThat(errors.failures(HIVESERVER2)).isZero();
    assertThat(errors.failures(BEESWAX)).isEqualTo(2);
    fail(errors, 4, HIVESERVER2, TIMEOUT);
    assertThat(errors.takeLimit()).isFalse();
    fail(errors, 1, HIVESERVER2, TIMEOUT);
    assertThat(errors.takeLimit()).isTrue();
  }

  @Test
  void theLimitBeginsANewRow() {
    fail(errors, 5, BEESWAX, TIMEOUT);
    assertThat(errors.takeLimit()).isTrue();
    assertThat(errors.takeLimit()).isFalse();
  }

  @Test
  void aPassedCheckBeginsANewRowButKeepsThePorts() {
    fail(errors, 4, BEESWAX, TIMEOUT);
    errors.checkPassed();
    fail(errors, 1, BEESWAX, TIMEOUT);
    assertThat(errors.takeLimit()).isFalse();
    assertThat(errors.portGone(BEESWAX)).isTrue();
  }

  @Test
  void withoutObserveThereIsNoLimit() {
    ConnectErrors blind = new ConnectErrors(new Checks().observe(false).make(), BOTH, true);
    fail(blind, 100, BEESWAX, REFUSED);
    assertThat(blind.takeLimit()).isFalse();
    assertThat(blind.portGone(BEESWAX)).isTrue();
  }

  @Test
  void theProcessFailsOnlyWhenEachPortDoes() {
    fail(errors, 5, BEESWAX, TIMEOUT);
    assertThat(errors.processFails()).isFalse();
    fail(errors, 1, HIVESERVER2, TIMEOUT);
    assertThat(errors.processFails()).isTrue();
  }

  @Test
  void oneSinglePortSpeaksForTheProcessOnlyWithoutAPage() {
    ConnectErrors withPage = new ConnectErrors(CONFIG, EnumSet.of(TCP), true);
    ConnectErrors withoutPage = new ConnectErrors(CONFIG, EnumSet.of(TCP), false);
    fail(withPage, 5, TCP, REFUSED);
    fail(withoutPage, 5, TCP, REFUSED);
    assertThat(withPage.processFails()).isFalse();
    assertThat(withoutPage.processFails()).isTrue();
  }

  @Test
  void ourOwnShortageDoesNotCount() {
    fail(errors, 100, BEESWAX, NO_RESOURCES);
    assertThat(errors.none()).isTrue();
  }

  @Test
  void clearForgetsEverything() {
    fail(errors, 5, BEESWAX, REFUSED);
    assertThat(errors.none()).isFalse();
    errors.clear();
    assertThat(errors.none()).isTrue();
  }
}
