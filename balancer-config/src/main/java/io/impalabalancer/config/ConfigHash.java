package io.impalabalancer.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueFactory;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;

/**
 * Digits that tell two configurations apart, so that several balancers can be seen to do the same.
 * They come from the values in force, wherever those stand: order of keys, comments, includes, and
 * whether {@code defaults} or a listener says a thing make no difference; the order of lists does,
 * for it means something. Left out are passwords, and what belongs to one host: the addresses that
 * it listens on (their ports count), its files, its name and its cores.
 */
public final class ConfigHash {
  private static final int DIGITS = 16;

  private static final List<String> OF_ONE_HOST =
      List.of(
          "stats.bind",
          "runtime",
          "state-file",
          "threads",
          "log.session-file",
          "log.syslog.hostname");

  private ConfigHash() {}

  /** Returns the digits of a configuration: 16, hexadecimal. */
  public static String of(LoadedConfig loaded) {
    Config config = ConfigFactory.parseString(loaded.effective()).getConfig("impala-balancer");
    for (String path : ConfigDiff.DEFAULTS) {
      config = config.withoutPath(path);
    }
    for (String path : OF_ONE_HOST) {
      config = config.withoutPath(path);
    }
    config = each(config, "listeners", ConfigHash::withPortsOnly);
    config = each(config, "stats.users", user -> user.withoutKey("password"));
    // Rendering sorts the keys of every object.
    return digits(config.root().render(ConfigRenderOptions.concise()));
  }

  private static Config each(Config config, String path, UnaryOperator<ConfigObject> change) {
    return config.withValue(
        path,
        ConfigValueFactory.fromIterable(config.getObjectList(path).stream().map(change).toList()));
  }

  private static ConfigObject withPortsOnly(ConfigObject listener) {
    ConfigValue bind = Objects.requireNonNull(listener.get("bind"));
    List<?> binds = bind instanceof ConfigList list ? list.unwrapped() : List.of(bind.unwrapped());
    return listener.withValue(
        "bind",
        ConfigValueFactory.fromIterable(
            binds.stream().map(each -> each.toString().replaceFirst("^.*:", "")).toList()));
  }

  private static String digits(String text) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest).substring(0, DIGITS);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
