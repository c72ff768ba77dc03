package io.impalabalancer.cli;

import io.impalabalancer.config.Timeouts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks now and then whether the configuration file says something else, and reloads it then. What
 * was refused is not tried again until the file changes once more. On a thread of its own, until
 * the balancer ends.
 */
final class ConfigWatch {
  private static final Logger LOG = LoggerFactory.getLogger(ConfigWatch.class);

  private final Path file;

  /** What was loaded, or refused. */
  private byte[] taken;

  /** What the last look found, if it was something else. */
  private byte @Nullable [] found;

  /** Makes one, before the file is loaded: what changes from then on is noticed. */
  ConfigWatch(Path file) {
    this.file = file;
    taken = read();
  }

  /** Begins to look; if that is never to be done, does nothing. */
  void start(Duration every, Runnable reload, BooleanSupplier ending) {
    if (every.equals(Timeouts.INFINITE)) {
      return;
    }
    ScheduledExecutorService thread =
        Executors.newSingleThreadScheduledExecutor(task -> {
          Thread made = new Thread(task, "config-watch");
          made.setDaemon(true);
          return made;
        });
    long nanos = every.toNanos();
    Runnable look =
        () -> {
          if (ending.getAsBoolean()) {
            thread.shutdown();
          } else {
            look(reload);
          }
        };
    var unused = thread.scheduleWithFixedDelay(look, nanos, nanos, TimeUnit.NANOSECONDS);
  }

  private void look(Runnable reload) {
    byte[] now = read();
    if (now.length == 0 || Arrays.equals(now, taken)) {
      // A file that is being replaced, or the one that is known.
      found = null;
    } else if (Arrays.equals(now, found)) {
      taken = now;
      found = null;
      try {
        reload.run();
      } catch (RuntimeException e) {
        // The next change is looked at all the same.
        LOG.error("event=reload-failed by=watch", e);
      }
    } else {
      found = now;
    }
  }

  private byte[] read() {
    try {
      return Files.readAllBytes(file);
    } catch (IOException gone) {
      return new byte[0];
    }
  }
}
