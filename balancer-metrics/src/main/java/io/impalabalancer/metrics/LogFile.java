package io.impalabalancer.metrics;

import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;
import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file that is appended to and rolled by size: {@code name} becomes {@code name.1}, that {@code
 * name.2}, and so on; the oldest is deleted. One thread.
 */
final class LogFile implements LogSink {
  private static final Logger LOG = LoggerFactory.getLogger(LogFile.class);

  private final Path path;
  private final long rollSize;
  private final int rollKeep;

  /** Null after an opening or a roll that failed, until the next write. */
  private @Nullable FileChannel channel;

  /** Bytes in the file; after a roll that failed, bytes since then. */
  private long size;

  /**
   * Opens the file, or makes it.
   *
   * @param rollSize bytes that the file does not exceed; 0 never rolls
   * @param rollKeep rolled files kept, at least 1
   */
  LogFile(Path path, long rollSize, int rollKeep) throws IOException {
    this.path = path;
    this.rollSize = rollSize;
    this.rollKeep = rollKeep;
    open();
  }

  @Override
  public void write(ByteBuffer bytes) throws IOException {
    FileChannel now = channel == null ? open() : channel;
    if (rollSize > 0 && size > 0 && size + bytes.remaining() > rollSize) {
      now = roll();
    }
    size += now.write(bytes);
  }

  @Override
  public void reopen() throws IOException {
    close();
    open();
  }

  private FileChannel open() throws IOException {
    FileChannel opened = FileChannel.open(path, CREATE, WRITE, APPEND);
    channel = opened;
    size = opened.size();
    return opened;
  }

  private FileChannel roll() throws IOException {
    close();
    try {
      for (int i = rollKeep - 1; i >= 0; i--) {
        Path from = rolled(i);
        if (Files.exists(from)) {
          Files.move(from, rolled(i + 1), REPLACE_EXISTING);
        }
      }
      return open();
    } catch (IOException e) {
      LOG.warn("event=session-log-roll-failed file={} reason=\"{}\"", path, e.toString());
      FileChannel same = open();
      size = 0;
      return same;
    }
  }

  private Path rolled(int number) {
    return number == 0 ? path : path.resolveSibling(path.getFileName() + "." + number);
  }

  @Override
  public void close() throws IOException {
    FileChannel open = channel;
    channel = null;
    if (open != null) {
      open.close();
    }
  }

  @Override
  public String toString() {
    return path.toString();
  }
}
