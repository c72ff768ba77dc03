package io.impalabalancer.core;

import io.impalabalancer.config.BalanceKind;
import io.impalabalancer.config.Protocol;
import io.netty.util.concurrent.Ticker;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/**
 * What a choice, a change of state and a place in line cost, by how many coordinators there are and
 * how many wait. No part of a build: {@code -Dtest=Benchmarks}, and {@code -Dbenchmarks=NAME} for
 * some of them.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@SuppressWarnings("NullAway.Init") // JMH sets the fields
public class Benchmarks {

  @Test
  void run() throws RunnerException {
    new Runner(
            new OptionsBuilder()
                .include("core\\.Benchmarks\\." + System.getProperty("benchmarks", ""))
                .jvmArgs("-Xmx512m")
                .forks(1)
                .warmupIterations(3)
                .warmupTime(TimeValue.milliseconds(300))
                .measurementIterations(5)
                .measurementTime(TimeValue.milliseconds(300))
                .build())
        .run();
  }

  /** Coordinators of different weights and loads, all with room, and sessions that they have. */
  @State(Scope.Benchmark)
  public static class Coordinators {
    @Param({"3", "30", "300"})
    public int coordinators;

    private final SplittableRandom random = new SplittableRandom(1);
    private final Coordinator[] sessions = new Coordinator[10_000];
    private final int[] began = new int[sessions.length];
    TestPool pool;

    @Setup
    public void make() {
      int[] weights = new int[coordinators];
      Arrays.setAll(weights, i -> 90 + i % 20);
      pool = TestPool.limited(1_000_000, weights);
      for (Member member : pool.pool.members()) {
        member.coordinator().load().asked();
        member.coordinator().load().told(random.nextInt(100), -1, -1);
      }
      for (int i = 0; i < sessions.length; i++) {
        begin(i, pool.coordinator(random.nextInt(coordinators)));
        sessions[i].take(Protocol.TCP);
      }
    }

    private void begin(int session, Coordinator coordinator) {
      sessions[session] = coordinator;
      began[session] = coordinator.load().began();
    }

    /** A session begins whose slot is taken, and another one ends. */
    void replaceAny(Coordinator coordinator) {
      int session = random.nextInt(sessions.length);
      sessions[session].load().ended(began[session]);
      sessions[session].giveBack(Protocol.TCP);
      begin(session, coordinator);
    }
  }

  /** One algorithm and its clients. */
  @State(Scope.Benchmark)
  public static class Algorithm {
    @Param public BalanceKind balance;

    /** How many clients there are; {@code source} remembers as many, and not all of so many. */
    @Param({"1000", "1000000000"})
    public int clients;

    private final SplittableRandom random = new SplittableRandom(2);
    private Balance made;

    @Setup
    public void make() {
      made = Balance.of(balance, 1);
    }

    Choice client() {
      return TestPool.choice(random.nextInt(clients));
    }
  }

  /** A choice, and all that it costs choices when a session begins and another one ends. */
  @Benchmark
  public void choice(Coordinators of, Algorithm by) {
    of.replaceAny(of.pool.pool.assign(Protocol.TCP, by.made, by.client()).chosen().coordinator());
  }

  /** The last choices of a listener that has had many. */
  @State(Scope.Benchmark)
  public static class Noted {
    private final LastChoices choices = new LastChoices(0);

    @Setup
    public void fill() {
      while (choices.due(0)) {
        // Until the next one is not due.
      }
    }
  }

  /** What it costs a choice that it is not noted. */
  @Benchmark
  public boolean notNoted(Noted of) {
    return of.choices.due(0);
  }

  /** What follows when a coordinator has changed: who serves, anew. */
  @Benchmark
  public Serving change(Coordinators of) {
    of.pool.pool.refresh();
    return of.pool.serving();
  }

  /** Coordinators that are full, and sessions that wait for them. */
  @State(Scope.Benchmark)
  public static class Line {
    @Param({"3", "30", "300"})
    public int coordinators;

    @Param({"1", "100", "10000"})
    public int waiting;

    private Balancer balancer;
    private Connector last;

    @Setup(Level.Trial)
    public void fill() {
      int[] ports = new int[coordinators];
      Arrays.setAll(ports, i -> i + 1);
      balancer =
          new Balancer(
              BalancerRig.config(
                  "channel",
                  BalancerRig.coordinators("maxconn = 1", ports) + BalancerRig.listener("")),
              Ticker.systemTicker(),
              InetAddress::getAllByName,
              new FakeWires());
      balancer
          .coordinators()
          .forEach(coordinator -> {
            coordinator.setStatus(Coordinator.Status.UP, "test");
            coordinator.resolved(TestPool.LOOPBACK);
            coordinator.take(Protocol.TCP);
          });
      List<Connector> line = new ArrayList<>();
      for (int i = 0; i <= waiting; i++) {
        line.add(connector());
      }
      last = line.remove(waiting);
      line.forEach(balancer.queue()::join);
    }

    private Connector connector() {
      Listener listener = balancer.listeners().get(0);
      InetSocketAddress client = new InetSocketAddress(TestPool.LOOPBACK, 1);
      Session session = new Session(listener, balancer.loops().next(), client);
      return new Connector(session, new SessionRecord(0, listener, client, 0), new Relay(session));
    }

    @TearDown
    public void close() {
      balancer.close();
    }
  }

  /** A session joins the line, where it is looked for a free slot, and leaves it. */
  @Benchmark
  public boolean queue(Line in) {
    in.balancer.queue().join(in.last);
    return in.balancer.queue().leave(in.last);
  }

  /** A slot is given back, and nobody is given it: it is looked for whoever may have it. */
  @Benchmark
  public void serve(Line in) {
    in.balancer.queue().serve();
  }
}
