package io.impalabalancer.cli.runtime;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.impalabalancer.cli.runtime.Target.Refused;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.concurrent.Future;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection of the runtime socket. It reads a line, carries its commands out one after the
 * other, and ends, or with a prompt reads the next line. Each answer is followed by an empty line.
 * On the admin loop; commands run on a thread of their own.
 */
final class RuntimeHandler extends ChannelInboundHandlerAdapter {
  private static final Logger LOG = LoggerFactory.getLogger(RuntimeHandler.class);

  /** Bytes of a line at most; HAProxy's. */
  static final int LINE_MAX = 16_384;

  private final Commands commands;
  private final Client client;
  private final Executor executor;
  private final Deque<List<String>> waiting = new ArrayDeque<>();
  private @Nullable ByteBuf line;
  private boolean running;
  private boolean inputEnded;
  private @Nullable Future<?> timeout;

  RuntimeHandler(Commands commands, Client client, Executor executor) {
    this.commands = commands;
    this.client = client;
    this.executor = executor;
  }

  @Override
  public void channelActive(ChannelHandlerContext context) {
    line = context.alloc().buffer();
    await(context);
  }

  /** Waits for a line, but not for ever. */
  private void await(ChannelHandlerContext context) {
    startTimeout(context);
    context.read();
  }

  private void startTimeout(ChannelHandlerContext context) {
    stopTimeout();
    timeout =
        context
            .executor()
            .schedule(
                () -> {
                  context.close();
                },
                client.timeoutSeconds(),
                TimeUnit.SECONDS);
  }

  private void stopTimeout() {
    if (timeout != null) {
      timeout.cancel(false);
      timeout = null;
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    stopTimeout();
    ByteBuf kept = line;
    line = null;
    if (kept != null) {
      kept.release();
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    ByteBuf bytes = (ByteBuf) message;
    ByteBuf to = line;
    if (to != null) {
      to.writeBytes(bytes);
    }
    bytes.release();
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext context) {
    goOn(context);
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) {
    inputEnded = true;
    goOn(context);
  }

  private void goOn(ChannelHandlerContext context) {
    ByteBuf read = line;
    if (read == null || running) {
      return;
    }
    int end = read.indexOf(read.readerIndex(), read.writerIndex(), (byte) '\n');
    if (end < 0 ? read.readableBytes() > LINE_MAX : end - read.readerIndex() > LINE_MAX) {
      answer(context, "Command is too long, expected 16384 bytes at most.\n\n", true);
    } else if (end >= 0) {
      String text = read.readCharSequence(end - read.readerIndex(), UTF_8).toString();
      read.skipBytes(1);
      read.discardReadBytes();
      stopTimeout();
      waiting.addAll(CommandLine.parse(text));
      runNext(context);
    } else if (inputEnded) {
      // Half a command is none.
      context.close();
    } else {
      await(context);
    }
  }

  private void runNext(ChannelHandlerContext context) {
    List<String> next = waiting.poll();
    if (next == null || client.hasQuit()) {
      if (client.hasQuit() || !client.prompt()) {
        // Who does not read the answer is not waited for either.
        startTimeout(context);
        context.writeAndFlush(context.alloc().buffer(0)).addListener(ChannelFutureListener.CLOSE);
      } else {
        goOn(context);
      }
      return;
    }
    running = true;
    if (next.isEmpty() && client.prompt()) {
      answered(context, "");
      return;
    }
    try {
      executor.execute(() -> run(context, next));
    } catch (RejectedExecutionException e) {
      answered(context, "Too many commands at once, try again.\n");
    }
  }

  /** On the thread of the commands. */
  private void run(ChannelHandlerContext context, List<String> command) {
    try {
      commands
          .run(command, client)
          .whenComplete((answer, failure) ->
              context
                  .executor()
                  .execute(() -> answered(context, failure == null ? answer : failed(failure))));
    } catch (Refused e) {
      String answer = String.valueOf(e.getMessage());
      context.executor().execute(() -> answered(context, answer));
    } catch (RuntimeException e) {
      context.executor().execute(() -> answered(context, failed(e)));
    }
  }

  private static String failed(Throwable failure) {
    LOG.error("event=runtime-command-failed", failure);
    return "Internal error, please report it with the log.\n";
  }

  private void answered(ChannelHandlerContext context, String answer) {
    running = false;
    boolean ends = client.hasQuit();
    answer(context, ends ? "" : answer + "\n" + (client.prompt() ? "> " : ""), false);
    runNext(context);
  }

  private static void answer(ChannelHandlerContext context, String text, boolean close) {
    ByteBuf bytes = context.alloc().buffer(text.length());
    bytes.writeCharSequence(text, UTF_8);
    var written = context.writeAndFlush(bytes);
    if (close) {
      written.addListener(ChannelFutureListener.CLOSE);
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    LOG.debug("event=runtime-connection-failed reason=\"{}\"", cause.toString());
    context.close();
  }
}
