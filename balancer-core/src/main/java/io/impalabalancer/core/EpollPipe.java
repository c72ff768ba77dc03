package io.impalabalancer.core;

import io.netty.channel.epoll.LinuxSocket;
import io.netty.channel.epoll.Native;
import io.netty.channel.unix.FileDescriptor;
import java.io.IOException;

/**
 * A pipe of the kernel, through which bytes go from one socket to another by {@code splice(2)}
 * without being copied. It belongs to the wire that writes while bytes are in it, and to its {@link
 * EpollPipes} when it is empty. Touched on its loop only.
 */
final class EpollPipe {
  private final FileDescriptor output;
  private final FileDescriptor input;
  private final int capacityBytes;
  private int pending;

  /** Takes over both ends of a pipe that is empty. */
  EpollPipe(FileDescriptor output, FileDescriptor input, int capacityBytes) {
    this.output = output;
    this.input = input;
    this.capacityBytes = capacityBytes;
  }

  /** Returns the bytes that are in it. */
  int pending() {
    return pending;
  }

  /**
   * Moves what a socket has received into the pipe, which must be empty.
   *
   * @return how many bytes; 0 if there is nothing now, and at the end of the input as well: only a
   *     read tells which
   */
  int fill(LinuxSocket from, long maxBytes) throws IOException {
    assert pending == 0 : "filled while bytes are in it";
    long length = Math.min(maxBytes, capacityBytes);
    pending = Native.splice(from.intValue(), -1, input.intValue(), -1, length);
    return pending;
  }

  /**
   * Moves bytes from the pipe to a socket, until none is left or the socket takes no more.
   *
   * @return how many bytes
   */
  int drain(LinuxSocket to) throws IOException {
    int before = pending;
    while (pending > 0) {
      int moved = Native.splice(output.intValue(), -1, to.intValue(), -1, pending);
      if (moved <= 0) {
        break;
      }
      pending -= moved;
    }
    return before - pending;
  }

  /** Closes it; what is in it is lost. */
  void close() throws IOException {
    input.close();
    output.close();
  }
}
