package io.impalabalancer.health;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.impalabalancer.health.CheckResult.Outcome;
import io.netty.channel.ChannelException;
import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketException;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class CheckResultTest {

  /** As NIO and epoll report them. */
  static Stream<Arguments> failures() {
    return Stream.of(
        arguments(new ConnectException("Connection refused"), Outcome.REFUSED),
        arguments(
            new ConnectException("connect(..) failed with error(-111): Connection refused"),
            Outcome.REFUSED),
        arguments(new ConnectException("Connection timed out"), Outcome.TIMEOUT),
        arguments(new SocketException("Connection reset"), Outcome.RESET),
        arguments(new NoRouteToHostException("No route to host"), Outcome.UNREACHABLE),
        arguments(new SocketException("Network is unreachable"), Outcome.UNREACHABLE),
        arguments(new IOException(), Outcome.UNREACHABLE),
        arguments(new ChannelException("Failed to open a socket."), Outcome.NO_RESOURCES),
        arguments(new SocketException("Too many open files"), Outcome.NO_RESOURCES),
        arguments(new SocketException("No buffer space available"), Outcome.NO_RESOURCES),
        arguments(new SocketException("Cannot allocate memory"), Outcome.NO_RESOURCES),
        arguments(new BindException("Cannot assign requested address"), Outcome.NO_RESOURCES));
  }

  @ParameterizedTest
  @MethodSource("failures")
  void namesWhyAConnectFailed(Throwable failure, Outcome outcome) {
    CheckResult result = CheckResult.connectFailed(failure);
    assertThat(result.outcome()).isEqualTo(outcome);
    assertThat(result.reason()).isEqualTo("connect " + outcome.word());
    assertThat(result.ok()).isFalse();
    assertThat(result.counts()).isEqualTo(outcome != Outcome.NO_RESOURCES);
  }

  @Test
  void theReasonIsOneLineWhoeverWordedIt() {
    assertThat(new CheckResult(Outcome.LOGIN, "not as \"x\":\n\tno ticket\n").reason())
        .isEqualTo("not as 'x': no ticket");
  }

  @Test
  void namesHowLongATimeoutWas() {
    assertThat(CheckResult.timeout("http", Duration.ofMillis(1500)).reason())
        .isEqualTo("http timeout after 1500ms");
    assertThat(CheckResult.timeout("connect", Duration.ofMinutes(2)).reason())
        .isEqualTo("connect timeout after 120s");
  }
}
