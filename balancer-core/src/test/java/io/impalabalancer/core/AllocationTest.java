package io.impalabalancer.core;

import static io.impalabalancer.core.BalancerRig.coordinators;
import static io.impalabalancer.core.BalancerRig.listener;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.net.Socket;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A session that only moves bytes makes no garbage. */
class AllocationTest extends WireTest {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  AllocationTest() {
    super("epoll");
  }

  /** Answers each byte with so many bytes. */
  private TestServer answering(int bytes) throws IOException {
    byte[] answer = new byte[bytes];
    return keep(
        new TestServer(socket -> {
          while (socket.getInputStream().read() >= 0) {
            socket.getOutputStream().write(answer);
          }
        }));
  }

  private static void ask(Socket client, byte[] into) throws IOException {
    client.getOutputStream().write('x');
    InputStream in = client.getInputStream();
    assertThat(in.readNBytes(into, 0, into.length)).isEqualTo(into.length);
  }

  /** Returns what the relay's threads have allocated so far. */
  private static long allocated() {
    long[] loops =
        Arrays.stream(THREADS.getThreadInfo(THREADS.getAllThreadIds()))
            .filter(thread -> thread != null && thread.getThreadName().startsWith("relay"))
            .mapToLong(thread -> thread.getThreadId())
            .toArray();
    assertThat(loops).isNotEmpty();
    return Arrays.stream(THREADS.getThreadAllocatedBytes(loops)).sum();
  }

  /** An answer that is one read of ours takes one at least, a long one a read for each 64 KiB. */
  private static long reads(int answerBytes, int answers) {
    return (long) answers * ((answerBytes - 1) / HeldBytes.READ_MAX_BYTES + 1);
  }

  @ParameterizedTest
  @CsvSource({"64, 4000, false", "300000, 400, false", "4000000, 100, true"})
  void aReadAllocatesNothing(int answerBytes, int answers, boolean spliced) throws Exception {
    BalancerRig rig =
        rig(
            (spliced ? "" : "maxpipes = 0\n")
                + coordinators("", answering(answerBytes).port())
                + listener(""));
    Socket client = keep(rig.connect());
    byte[] answer = new byte[answerBytes];
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    long least = Long.MAX_VALUE;
    // The first rounds load classes and compile; and once a second the loops measure their lag.
    while (least / reads(answerBytes, answers) > 0 && System.nanoTime() - deadline < 0) {
      long before = allocated();
      for (int i = 0; i < answers; i++) {
        ask(client, answer);
      }
      least = Math.min(least, allocated() - before);
    }
    assertThat(rig.balancer.splicedBytes() > 0).isEqualTo(spliced);
    assertThat(least / reads(answerBytes, answers)).as("bytes a read").isZero();
  }
}
