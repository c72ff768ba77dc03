package io.impalabalancer.core;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * The last choices of a listener. Where clients come faster than they can be read about, only some
 * are noted: all of a handful, then ten a second, so that a choice that is not noted costs one read
 * of a number. Any thread.
 */
final class LastChoices {
  /** So many are kept, and so many in a row are noted before they are thinned out. */
  static final int KEPT = 32;

  private static final long EVERY_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private final AtomicReferenceArray<@Nullable RecordedChoice> ring =
      new AtomicReferenceArray<>(KEPT);
  private final AtomicInteger next = new AtomicInteger();

  /** When the next is due if they come evenly. */
  private final AtomicLong dueNanos;

  LastChoices(long nowNanos) {
    dueNanos = new AtomicLong(nowNanos);
  }

  /** Returns whether a choice that is made now is to be noted; it counts as noted then. */
  boolean due(long nowNanos) {
    long due = dueNanos.get();
    if (due - nowNanos > KEPT * EVERY_NANOS) {
      return false;
    }
    return dueNanos.compareAndSet(due, (due - nowNanos < 0 ? nowNanos : due) + EVERY_NANOS);
  }

  void add(RecordedChoice choice) {
    ring.set(Math.floorMod(next.getAndIncrement(), KEPT), choice);
  }

  /** Returns them, the newest first. */
  List<RecordedChoice> newestFirst() {
    List<RecordedChoice> choices = new ArrayList<>();
    int newest = next.get() - 1;
    for (int i = 0; i < KEPT; i++) {
      RecordedChoice choice = ring.get(Math.floorMod(newest - i, KEPT));
      if (choice != null) {
        choices.add(choice);
      }
    }
    choices.sort(Comparator.comparingLong(RecordedChoice::atMillis).reversed());
    return choices;
  }
}
