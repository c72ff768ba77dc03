package io.impalabalancer.metrics;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Where the session log's bytes go. Used by the log's one thread only. */
interface LogSink extends Closeable {

  /**
   * Writes from the buffer, perhaps not all of it; may block. What was written before an error is
   * taken out of the buffer, so that the same call can be made again later.
   */
  void write(ByteBuffer bytes) throws IOException;

  /** Goes on in a file of the same name that others may have made or removed meanwhile. */
  default void reopen() throws IOException {}

  @Override
  default void close() throws IOException {}
}
