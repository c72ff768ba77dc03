package io.impalabalancer.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** {@code demo}: shows in a minute what a balancer is for. */
@Command(
    name = "demo",
    description = {
      "Shows in a minute what this is for, with simulated coordinators and clients.",
      "First all ask one coordinator, then the balancer, which keeps running afterwards. Uses free",
      "ports only."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class)
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class DemoCommand implements Callable<Integer> {
  private static final Duration DEFAULT_TOTAL = Duration.ofSeconds(60);

  @Spec private CommandSpec spec;

  @Option(
      names = "--for",
      paramLabel = "TIME",
      converter = Time.class,
      description =
          "End after so long, 10s to 1h, instead of leaving the balancer running: 60s, 2m.")
  private @Nullable Duration total;

  @Override
  public Integer call() throws IOException, InterruptedException {
    CountDownLatch ended = new CountDownLatch(1);
    Signals.handle("TERM", ended::countDown);
    Signals.handle("INT", ended::countDown);
    LogSetup.setLevel("error");
    PrintWriter out = spec.commandLine().getOut();
    Duration phases = total == null ? DEFAULT_TOTAL : total;
    try (Demo demo = Demo.start(ended);
        DemoScreen screen = new DemoScreen(out, Ansi.AUTO.enabled(), phases)) {
      if (demo.run(phases, screen)) {
        screen.result(demo);
        if (total == null) {
          screen.addresses(demo);
          ended.await();
        }
      }
      return ExitStatus.OK;
    } finally {
      LogSetup.flush();
    }
  }

  /** A number and a unit. */
  static final class Time implements ITypeConverter<Duration> {
    private static final Pattern TIME = Pattern.compile("(\\d{1,6})(s|m|h)");
    private static final Duration LEAST = Duration.ofSeconds(10);
    private static final Duration MOST = Duration.ofHours(1);

    @Override
    public Duration convert(String value) {
      Matcher time = TIME.matcher(value);
      if (time.matches()) {
        long number = Long.parseLong(time.group(1));
        Duration duration =
            switch (time.group(2)) {
              case "s" -> Duration.ofSeconds(number);
              case "m" -> Duration.ofMinutes(number);
              default -> Duration.ofHours(number);
            };
        if (duration.compareTo(LEAST) >= 0 && duration.compareTo(MOST) <= 0) {
          return duration;
        }
      }
      throw new TypeConversionException(
          "'" + value + "' is no time from 10s to 1h, such as 60s or 2m");
    }
  }
}
