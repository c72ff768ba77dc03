package io.impalabalancer.metrics;

import com.sun.management.ThreadMXBean;
import java.lang.management.ThreadInfo;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Predicate;

/**
 * What some threads have allocated on the heap. It never goes back: a thread that has ended counts
 * with what was seen of it. Any thread.
 */
final class AllocatedBytes {
  private final ThreadMXBean threads;
  private final Predicate<String> names;
  private Map<Long, Long> living = new HashMap<>();
  private long ofEnded;

  /**
   * Makes one.
   *
   * @param names says of which threads
   */
  AllocatedBytes(ThreadMXBean threads, Predicate<String> names) {
    this.threads = threads;
    this.names = names;
  }

  synchronized long bytes() {
    Map<Long, Long> now = new HashMap<>();
    for (ThreadInfo thread : threads.getThreadInfo(threads.getAllThreadIds())) {
      if (thread != null && names.test(thread.getThreadName())) {
        long id = thread.getThreadId();
        // -1 of one that ends just now.
        now.put(id, Math.max(living.getOrDefault(id, 0L), threads.getThreadAllocatedBytes(id)));
      }
    }
    living.forEach((id, bytes) -> ofEnded += now.containsKey(id) ? 0 : bytes);
    living = now;
    return ofEnded + now.values().stream().mapToLong(Long::longValue).sum();
  }
}
