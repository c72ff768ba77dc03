package io.impalabalancer.core;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The capacity of pipes, changed by {@code fcntl(2)}. Any thread. */
final class PipeSize {
  private static final Logger LOG = LoggerFactory.getLogger(PipeSize.class);

  /** What a pipe holds unless it is changed (pipe(7)). */
  private static final int DEFAULT_BYTES = 64 * 1024;

  private static final int F_SETPIPE_SZ = 1031;
  private static final int F_GETPIPE_SZ = 1032;

  private static final AtomicBoolean ASKED = new AtomicBoolean();
  private static volatile boolean ready;

  /** Stays null if it cannot be had; written before {@code ready}. */
  private static @Nullable MethodHandle fcntl;

  private PipeSize() {}

  /**
   * Returns whether {@link #enlarge} can be called now. The first call makes it so on a thread of
   * its own, for linking takes a fifth of a second, which an event loop does not have.
   */
  static boolean ready() {
    if (!ready && ASKED.compareAndSet(false, true)) {
      Thread thread = new Thread(PipeSize::link, "pipe-size");
      thread.setDaemon(true);
      thread.start();
    }
    return ready;
  }

  @SuppressWarnings("restricted") // The launcher grants native access.
  private static void link() {
    try {
      Linker linker = Linker.nativeLinker();
      FunctionDescriptor signature = FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT);
      MethodHandle handle =
          linker.downcallHandle(
              linker.defaultLookup().find("fcntl").orElseThrow(),
              signature,
              Linker.Option.firstVariadicArg(2));
      // The first call links the rest.
      int ignored = (int) handle.invokeExact(-1, F_GETPIPE_SZ, 0);
      fcntl = handle;
    } catch (Throwable e) {
      LOG.warn("event=pipe-size-fixed bytes={} reason=\"{}\"", DEFAULT_BYTES, e.toString());
    }
    ready = true;
  }

  /**
   * Makes a pipe hold more, if the kernel lets it.
   *
   * @param descriptor of either end
   * @return what it holds now
   */
  static int enlarge(int descriptor, int bytes) {
    int set = fcntl(descriptor, F_SETPIPE_SZ, bytes);
    return set > 0 ? set : fcntl(descriptor, F_GETPIPE_SZ, 0);
  }

  private static int fcntl(int descriptor, int command, int argument) {
    MethodHandle handle = fcntl;
    if (handle == null) {
      return DEFAULT_BYTES;
    }
    try {
      return (int) handle.invokeExact(descriptor, command, argument);
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }
}
