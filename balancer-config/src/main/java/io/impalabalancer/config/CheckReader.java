package io.impalabalancer.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;

/** Reads {@code check}. */
final class CheckReader {
  private static final Duration MILLISECOND = Duration.ofMillis(1);
  private static final Duration SECOND = Duration.ofSeconds(1);
  private static final Duration HOUR = Duration.ofHours(1);
  private static final Duration DAY = Duration.ofDays(1);
  private static final int MOST_CONNECTIONS = 10_000;

  private CheckReader() {}

  static CheckConfig read(Section section) {
    CheckKind type = section.get("type").word(CheckKind.values(), CheckKind::word);
    Value path = section.get("path");
    String pathText = path.text("a path that begins with a slash");
    if (pathText != null && !pathText.startsWith("/")) {
      path.unexpected("a path that begins with a slash");
    }
    Function<String, Duration> duration = key -> section.get(key).duration(MILLISECOND, DAY);
    return new CheckConfig(
        type,
        pathText == null ? "/" : pathText,
        section.get("status").integer(100, 599),
        duration.apply("inter"),
        duration.apply("fastinter"),
        duration.apply("downinter"),
        duration.apply("timeout"),
        section.get("rise").integer(1, 1000),
        section.get("fall").integer(1, 1000),
        section.get("observe").word(new String[] {"layer4", "none"}, w -> w).equals("layer4"),
        section.get("observe-limit").integer(1, 1000),
        section.get("on-error").word(OnError.values(), OnError::word),
        section.get("slowstart").duration(Duration.ZERO, DAY),
        section.get("on-marked-down").word(OnMarkedDown.values(), OnMarkedDown::word),
        web(section.section("web")),
        login(section.section("login")),
        verdict(section.section("verdict")));
  }

  private static WebConfig web(Section section) {
    boolean tls = section.get("tls").bool();
    Value authValue = section.get("auth");
    WebConfig.Auth auth =
        authValue.word(WebConfig.Auth.values(), a -> a.name().toLowerCase(Locale.ROOT));
    boolean password = auth == WebConfig.Auth.BASIC || auth == WebConfig.Auth.DIGEST;
    boolean kerberos = auth == WebConfig.Auth.SPNEGO;
    return new WebConfig(
        tls,
        ca(section),
        auth,
        needed(section, "user", password, authValue).map(v -> v.text("a name")),
        needed(section, "password-file", password, authValue).map(CheckReader::file),
        needed(section, "principal", kerberos, authValue).map(v -> v.text("a principal")),
        needed(section, "keytab", kerberos, authValue).map(CheckReader::file));
  }

  private static LoginConfig login(Section section) {
    boolean tls = section.get("tls").bool();
    Value authValue = section.get("auth");
    LoginConfig.Auth auth =
        authValue.word(LoginConfig.Auth.values(), a -> a.name().toLowerCase(Locale.ROOT));
    boolean password = auth == LoginConfig.Auth.PLAIN;
    boolean kerberos = auth == LoginConfig.Auth.KERBEROS;
    String service = section.get("service").text("the first part of a principal");
    return new LoginConfig(
        tls,
        ca(section),
        auth,
        needed(section, "user", password, authValue).map(v -> v.text("a name")),
        needed(section, "password-file", password, authValue).map(CheckReader::file),
        needed(section, "principal", kerberos, authValue).map(v -> v.text("a principal")),
        needed(section, "keytab", kerberos, authValue).map(CheckReader::file),
        service == null ? "" : service);
  }

  private static Optional<Path> ca(Section section) {
    Value ca = section.get("tls-ca");
    return ca.is("system") ? Optional.empty() : Optional.ofNullable(ca.file());
  }

  private static Path file(Value value) {
    Path file = value.file();
    return file == null ? Path.of("") : file;
  }

  /** Returns a value that must be given for a kind of login, and only then matters. */
  private static Optional<Value> needed(
      Section section, String key, boolean needed, Value authValue) {
    Value value = section.get(key);
    if (!value.is("none")) {
      return Optional.of(value);
    }
    if (needed) {
      section.error(
          authValue, "\"" + key + "\" is missing, which auth = " + authValue.found() + " needs");
    }
    return Optional.empty();
  }

  private static VerdictConfig verdict(Section section) {
    return new VerdictConfig(
        section.get("inter").duration(Duration.ofMillis(100), HOUR),
        section.get("port-inter").duration(SECOND, DAY),
        section.get("slot-reserve").integer(0, MOST_CONNECTIONS),
        section.get("setup-queue").integer(1, MOST_CONNECTIONS),
        section.get("stall-after").durationOrInfinite(Duration.ofMillis(100), HOUR),
        section.get("stale-after").durationOrInfinite(SECOND, DAY),
        section.get("memory-percent").integer(1, 100),
        section.get("strained-percent").integer(1, 100),
        section.get("restart-slowstart").duration(Duration.ZERO, DAY));
  }
}
