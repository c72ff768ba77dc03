package io.impalabalancer.cli;

import io.impalabalancer.core.Balancer;
import io.impalabalancer.core.BalancerListener;
import io.impalabalancer.core.CoordinatorEvent;
import io.impalabalancer.discovery.Found;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The file in which {@link KeptState} outlives the process: written whole after each change by a
 * thread of its own, to a temporary file that then takes the place of the old one. The path is the
 * configuration's of the moment; without one nothing is written.
 */
final class StateFile implements BalancerListener, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(StateFile.class);
  private static final long CLOSE_SECONDS = 5;

  private final Balancer balancer;
  private final Supplier<List<Found>> found;
  private final ExecutorService writer =
      Executors.newSingleThreadExecutor(new DefaultThreadFactory("state-file", true));
  private final AtomicBoolean due = new AtomicBoolean();

  /** Makes one; {@code found} gives the coordinators that were found. */
  StateFile(Balancer balancer, Supplier<List<Found>> found) {
    this.balancer = balancer;
    this.found = found;
  }

  /** Returns what a file says, null if there is none; one that cannot be read is kept aside. */
  static @Nullable KeptState read(@Nullable Path path) {
    if (path == null || !Files.exists(path)) {
      return null;
    }
    try {
      KeptState state = KeptState.parse(Files.readString(path));
      LOG.info("event=state-restored file={}", path);
      return state;
    } catch (IOException e) {
      Path aside = path.resolveSibling(path.getFileName() + ".corrupt");
      LOG.warn(
          "event=state-refused file={} reason=\"{}\" action=\"states are as configured; the file is"
              + " kept as {}\"",
          path,
          e.getMessage(),
          aside);
      try {
        Files.move(path, aside, StandardCopyOption.REPLACE_EXISTING);
      } catch (IOException failed) {
        LOG.warn("event=state-not-moved file={} reason=\"{}\"", path, failed.toString());
      }
      return null;
    }
  }

  private Optional<Path> path() {
    return balancer.config().stateFile();
  }

  @Override
  public void coordinatorChanged(CoordinatorEvent event) {
    if (event.axis() == CoordinatorEvent.Axis.ADMIN
        || event.axis() == CoordinatorEvent.Axis.WEIGHT) {
      write();
    }
  }

  @Override
  public void partsChanged() {
    write();
  }

  private void write() {
    if (path().isPresent() && due.compareAndSet(false, true)) {
      try {
        writer.execute(() -> {
          due.set(false);
          path().ifPresent(this::writeNow);
        });
      } catch (RejectedExecutionException closed) {
        LOG.debug("event=state-file-closed");
      }
    }
  }

  private void writeNow(Path path) {
    Path temporary = path.resolveSibling(path.getFileName() + ".new");
    try {
      try (FileChannel channel =
          FileChannel.open(
              temporary,
              StandardOpenOption.CREATE,
              StandardOpenOption.TRUNCATE_EXISTING,
              StandardOpenOption.WRITE)) {
        ByteBuffer text =
            ByteBuffer.wrap(
                KeptState.ofPeople(balancer, found.get()).getBytes(StandardCharsets.UTF_8));
        while (text.hasRemaining()) {
          channel.write(text);
        }
        channel.force(true);
      }
      Files.move(temporary, path, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      LOG.error("event=state-not-written file={} reason=\"{}\"", path, e.toString());
    }
  }

  /** Ends when what is due has been written. */
  @Override
  public void close() {
    writer.shutdown();
    try {
      if (!writer.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
        LOG.warn("event=state-not-written reason=\"it takes too long\"");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
