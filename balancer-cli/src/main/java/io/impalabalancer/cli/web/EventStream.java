package io.impalabalancer.cli.web;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.DefaultHttpContent;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The browsers that watch, and what they are sent: one document a second, made once for all of
 * them, as server-sent events. On the admin loop, but for {@link #push}; the document is made on
 * the worker. A browser that does not read is skipped, and after a while closed.
 */
final class EventStream {
  private static final Logger LOG = LoggerFactory.getLogger(EventStream.class);

  static final int MOST = 100;
  private static final long TICK_MILLIS = 1000;

  /** Documents in a row that a browser may miss. */
  static final int MOST_MISSED = 30;

  private final EventLoop loop;
  private final Executor worker;
  private final Supplier<String> document;
  private final Map<Channel, Integer> missed = new LinkedHashMap<>();
  private boolean making;
  private boolean again;
  private boolean ticking;

  EventStream(EventLoop loop, Executor worker, Supplier<String> document) {
    this.loop = loop;
    this.worker = worker;
    this.document = document;
  }

  boolean isFull() {
    return missed.size() >= MOST;
  }

  /** Takes a browser whose answer has begun; it gets the document at once and then every second. */
  void join(Channel channel) {
    assert loop.inEventLoop();
    missed.put(channel, 0);
    channel.closeFuture().addListener(closed -> missed.remove(channel));
    make();
    if (!ticking) {
      ticking = true;
      schedule();
    }
  }

  /** Sends the document as it is now, because something was changed. Any thread. */
  void push() {
    loop.execute(this::make);
  }

  /** Ends all streams; who still may watch comes back. Any thread. */
  void closeAll() {
    loop.execute(() -> List.copyOf(missed.keySet()).forEach(Channel::close));
  }

  private void schedule() {
    loop.schedule(
        () -> {
          make();
          if (missed.isEmpty()) {
            ticking = false;
          } else {
            schedule();
          }
        },
        TICK_MILLIS,
        TimeUnit.MILLISECONDS);
  }

  private void make() {
    if (missed.isEmpty()) {
      return;
    }
    if (making) {
      again = true;
      return;
    }
    making = true;
    try {
      worker.execute(() -> {
        String made = made();
        loop.execute(() -> send(made));
      });
    } catch (RejectedExecutionException busy) {
      making = false;
    }
  }

  /** Runs on the worker. */
  private String made() {
    try {
      return "data: " + document.get() + "\n\n";
    } catch (RuntimeException e) {
      LOG.error("event=page-failed path=/api/v1/stream", e);
      return ": failed\n\n";
    }
  }

  private void send(String text) {
    making = false;
    // Off the heap, so that no channel makes a copy of its own.
    byte[] bytes = text.getBytes(UTF_8);
    ByteBuf event = ByteBufAllocator.DEFAULT.directBuffer(bytes.length).writeBytes(bytes);
    for (Channel channel : List.copyOf(missed.keySet())) {
      int count = channel.isWritable() ? 0 : missed.getOrDefault(channel, 0) + 1;
      if (count > MOST_MISSED) {
        channel.close();
        continue;
      }
      missed.replace(channel, count);
      if (count == 0) {
        channel.writeAndFlush(new DefaultHttpContent(event.retainedDuplicate()));
      }
    }
    event.release();
    if (again) {
      again = false;
      make();
    }
  }
}
