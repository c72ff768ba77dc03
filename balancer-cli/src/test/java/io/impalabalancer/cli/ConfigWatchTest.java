package io.impalabalancer.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigWatchTest {
  @TempDir private Path directory;
  private final AtomicBoolean ending = new AtomicBoolean();

  @AfterEach
  void end() {
    ending.set(true);
  }

  @Test
  void aReloadThatFailsDoesNotEndTheWatch() throws IOException {
    Path file = Files.writeString(directory.resolve("b.conf"), "first");
    AtomicInteger reloads = new AtomicInteger();
    new ConfigWatch(file)
        .start(
            Duration.ofMillis(5),
            () -> {
              reloads.incrementAndGet();
              throw new IllegalStateException("a defect");
            },
            ending::get);
    Files.writeString(file, "second");
    await().untilAsserted(() -> assertThat(reloads).hasValue(1));
    Files.writeString(file, "third");
    await().untilAsserted(() -> assertThat(reloads).hasValue(2));
  }
}
