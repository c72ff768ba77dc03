package io.impalabalancer.health;

import io.impalabalancer.config.CheckConfig;
import io.impalabalancer.config.CheckKind;
import io.impalabalancer.config.LoginConfig;
import io.impalabalancer.config.OnError;
import io.impalabalancer.config.OnMarkedDown;
import io.impalabalancer.config.VerdictConfig;
import io.impalabalancer.config.WebConfig;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Makes check configurations; what is not said is as in {@code reference.conf}. */
final class Checks {
  private CheckKind type = CheckKind.AUTO;
  private int rise = 2;
  private int fall = 3;
  private boolean observe = true;
  private int observeLimit = 10;
  private OnError onError = OnError.FAIL_CHECK;
  private Duration slowstart = Duration.ZERO;
  private OnMarkedDown onMarkedDown = OnMarkedDown.KEEP;

  private WebConfig web =
      new WebConfig(
          false,
          Optional.empty(),
          WebConfig.Auth.NONE,
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty());

  private LoginConfig login = login(LoginConfig.Auth.NONE, null, null);

  private static LoginConfig login(
      LoginConfig.Auth auth, @Nullable String user, @Nullable Path passwordFile) {
    return new LoginConfig(
        false,
        Optional.empty(),
        auth,
        Optional.ofNullable(user),
        Optional.ofNullable(passwordFile),
        Optional.empty(),
        Optional.empty(),
        "impala");
  }

  Checks nosasl() {
    login = login(LoginConfig.Auth.NOSASL, null, null);
    return this;
  }

  Checks plain(String user, Path passwordFile) {
    login = login(LoginConfig.Auth.PLAIN, user, passwordFile);
    return this;
  }

  Checks login(LoginConfig how) {
    login = how;
    return this;
  }

  Checks web(WebConfig how) {
    web = how;
    return this;
  }

  Checks type(CheckKind kind) {
    type = kind;
    return this;
  }

  Checks riseAndFall(int good, int bad) {
    rise = good;
    fall = bad;
    return this;
  }

  Checks observe(boolean on) {
    observe = on;
    return this;
  }

  Checks onError(int limit, OnError what) {
    observeLimit = limit;
    onError = what;
    return this;
  }

  Checks slowstart(Duration over) {
    slowstart = over;
    return this;
  }

  Checks onMarkedDown(OnMarkedDown what) {
    onMarkedDown = what;
    return this;
  }

  CheckConfig make() {
    return new CheckConfig(
        type,
        "/healthz",
        200,
        Duration.ofSeconds(2),
        Duration.ofMillis(500),
        Duration.ofSeconds(5),
        Duration.ofSeconds(2),
        rise,
        fall,
        observe,
        observeLimit,
        onError,
        slowstart,
        onMarkedDown,
        web,
        login,
        new VerdictConfig(
            Duration.ofSeconds(1),
            Duration.ofMinutes(1),
            4,
            10,
            Duration.ofSeconds(5),
            Duration.ofMinutes(1),
            95,
            50,
            Duration.ofMinutes(1)));
  }
}
