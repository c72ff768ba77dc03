package io.impalabalancer.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * What a test has opened. After the test it is closed, the last first, each even if closing another
 * failed; and then no process that the tests have started is left.
 */
final class Opened implements AfterEachCallback {
  private static final Duration SOON = Duration.ofSeconds(20);

  private final Queue<AutoCloseable> all = new ArrayDeque<>();

  <T extends AutoCloseable> T keep(T each) {
    all.add(each);
    return each;
  }

  @Override
  public void afterEach(ExtensionContext context) throws Exception {
    close();
    await()
        .atMost(SOON)
        .untilAsserted(() ->
            assertThat(ProcessHandle.current().descendants().map(ProcessHandle::info))
                .as("processes that are left")
                .isEmpty());
  }

  private void close() throws Exception {
    if (!all.isEmpty()) {
      AutoCloseable first = all.remove();
      try {
        close();
      } finally {
        first.close();
      }
    }
  }
}
