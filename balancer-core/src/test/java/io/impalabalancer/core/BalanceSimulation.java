package io.impalabalancer.core;

import io.impalabalancer.config.BalanceKind;
import io.impalabalancer.config.Protocol;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * A cluster on a clock of its own: clients, one or two balancers with the real algorithms, and
 * coordinators that are nothing but the time that their queries take. The same seed gives the same
 * run, on every machine.
 *
 * <p>A coordinator runs so many queries at full speed; more share that. Its page is read once a
 * second and shows what was registered when it was asked for; the answer may be late, and the next
 * question waits for it.
 */
final class BalanceSimulation {
  /** Queries that a coordinator runs at full speed. */
  static final int WIDTH = 8;

  /** From a connection to its first query: the login. */
  private static final double LOGIN = 0.05;

  private static final double PAGE_INTERVAL = 1;

  /** An algorithm as a table names it. */
  enum Algorithm {
    LEASTLOAD("leastload", 0),
    LEASTLOAD_1S("page 1 s late", 1),
    LEASTLOAD_5S("page 5 s late", 5),
    LEASTCONN("leastconn", 0),
    ROUNDROBIN("roundrobin", 0),
    RANDOM("random", 0),
    /** Knows what is left of each query and of each that is on its way, and every speed. */
    ORACLE("oracle", 0);

    final String title;
    final double pageDelay;

    Algorithm(String title, double pageDelay) {
      this.title = title;
      this.pageDelay = pageDelay;
    }
  }

  /**
   * What came of a run.
   *
   * @param makespan seconds until the last query has ended
   * @param p95 seconds that 95 of 100 queries took at most
   * @param worstToMean the most loaded coordinator's load, over the time, by the mean of all
   * @param connections the connections that each coordinator was given, those that count
   */
  record Outcome(double makespan, double p95, double worstToMean, List<Integer> connections) {}

  private record Event(double at, long order, Runnable what) {}

  private final Algorithm algorithm;
  private final SplittableRandom random;
  private final PriorityQueue<Event> events =
      new PriorityQueue<>(Comparator.comparingDouble(Event::at).thenComparingLong(Event::order));
  private final List<Node> nodes = new ArrayList<>();
  private final List<Front> fronts = new ArrayList<>();
  private final List<Double> latencies = new ArrayList<>();
  private double now;
  private long order;
  private double countsFrom;
  private double lastEnd;
  private int unfinished;

  /** What the connection that is being made will bring; the oracle alone looks. */
  private double promised;

  BalanceSimulation(Algorithm algorithm, int balancers, long seed, double... speeds) {
    this.algorithm = algorithm;
    random = new SplittableRandom(seed);
    for (double speed : speeds) {
      nodes.add(new Node(speed));
    }
    for (int i = 0; i < balancers; i++) {
      fronts.add(new Front(balancers));
    }
  }

  /** A coordinator: its queries share what it can do. */
  private final class Node {
    final double speed;
    final PriorityQueue<Query> queries =
        new PriorityQueue<>(Comparator.comparingDouble((Query q) -> q.endsAt));
    final List<Connection> connections = new ArrayList<>();

    /** What each query that was there from the beginning would have been given so far. */
    double served;

    double servedUntil;
    double loadSeconds;
    double promised;
    int counted;
    long generation;

    Node(double speed) {
      this.speed = speed;
    }

    double rate() {
      return speed * Math.min(1, (double) WIDTH / Math.max(1, queries.size()));
    }

    void advance() {
      double elapsed = now - servedUntil;
      served += elapsed * rate();
      loadSeconds += elapsed * queries.size();
      servedUntil = now;
    }

    /** Plans the end of the query that will end next. */
    void plan() {
      long planned = ++generation;
      Query next = queries.peek();
      if (next != null) {
        double in = Math.max(0, (next.endsAt - served) / rate());
        at(
            now + in,
            () -> {
              if (generation == planned) {
                advance();
                queries.remove(next);
                next.end();
                plan();
              }
            });
      }
    }

    double workLeft() {
      advance();
      return queries.stream().mapToDouble(q -> q.endsAt - served).sum() + promised;
    }
  }

  private final class Query {
    final double begun;
    final double endsAt;
    final Runnable then;

    Query(double begun, double endsAt, Runnable then) {
      this.begun = begun;
      this.endsAt = endsAt;
      this.then = then;
    }

    void end() {
      unfinished--;
      if (!Double.isNaN(begun)) {
        latencies.add(now - begun);
        lastEnd = now;
      }
      then.run();
    }
  }

  /** A balancer: its own view of the coordinators, and its algorithm. */
  private final class Front {
    final TestPool pool = TestPool.limited(0, nodes.stream().mapToInt(n -> 100).toArray());
    final Balance balance;

    Front(int balancers) {
      pool.random = random::nextLong;
      balance =
          switch (algorithm) {
            case LEASTLOAD, LEASTLOAD_1S, LEASTLOAD_5S ->
                Balance.of(BalanceKind.LEASTLOAD, balancers);
            case LEASTCONN -> Balance.of(BalanceKind.LEASTCONN, balancers);
            case ROUNDROBIN -> Balance.of(BalanceKind.ROUNDROBIN, balancers);
            case RANDOM -> Balance.of(BalanceKind.RANDOM, balancers);
            case ORACLE -> new Oracle(this);
          };
      for (int i = 0; i < nodes.size(); i++) {
        int index = i;
        at(PAGE_INTERVAL * i / nodes.size(), () -> ask(index));
      }
    }

    private void ask(int index) {
      Load load = pool.coordinator(index).load();
      double asked = now;
      load.asked();
      int queries = nodes.get(index).queries.size();
      at(
          asked + algorithm.pageDelay,
          () -> {
            if (pool.coordinator(index).status() == Coordinator.Status.UP) {
              load.told(queries, queries, 0);
            }
            at(Math.max(now, asked + PAGE_INTERVAL), () -> ask(index));
          });
    }
  }

  /** Least time until all that is there has ended. */
  private final class Oracle implements Balance {
    private final Front front;

    Oracle(Front front) {
      this.front = front;
    }

    @Override
    public @Nullable Member choose(Serving serving, Choice choice) {
      Member best = null;
      double bestTime = 0;
      for (int i = 0; i < serving.size(); i++) {
        Member member = serving.member(i);
        Node node = nodes.get(front.pool.pool.members().indexOf(member));
        double time = (node.workLeft() + promised) / node.speed;
        if (best == null || time < bestTime) {
          best = member;
          bestTime = time;
        }
      }
      return best;
    }

    @Override
    public String rule(Serving serving, Choice choice) {
      return "least time";
    }
  }

  /** A client's connection, over some balancer, to a coordinator. */
  final class Connection {
    private final Node node;
    private final Coordinator coordinator;
    private final int began;
    private final Runnable lost;
    private boolean open = true;

    private Connection(Front front, Runnable lost) {
      coordinator = front.pool.assign(front.balance).chosen().coordinator();
      began = coordinator.load().began();
      node = nodes.get(index(front, coordinator));
      node.connections.add(this);
      node.counted++;
      this.lost = lost;
    }

    private static int index(Front front, Coordinator coordinator) {
      int index = 0;
      while (front.pool.coordinator(index) != coordinator) {
        index++;
      }
      return index;
    }

    /**
     * Runs a query.
     *
     * @param work seconds that an idle coordinator of speed 1 takes for it
     * @param begun when the client began to wait for it; not a number if that does not count
     */
    void query(double work, double begun, Runnable then) {
      node.advance();
      node.queries.add(new Query(begun, node.served + work, then));
      node.plan();
    }

    void close() {
      if (open) {
        open = false;
        node.connections.remove(this);
        coordinator.load().ended(began);
        coordinator.giveBack(Protocol.TCP);
      }
    }
  }

  void at(double time, Runnable what) {
    events.add(new Event(time, order++, what));
  }

  /** Returns a time or an amount of work drawn from the exponential distribution. */
  double drawn(double mean) {
    return -mean * StrictMath.log(1 - random.nextDouble());
  }

  /** Connects to a balancer, any of them. */
  Connection connect(double promisedWork, Runnable lost) {
    promised = promisedWork;
    return new Connection(fronts.get(random.nextInt(fronts.size())), lost);
  }

  /** A client that connects, asks one query, and leaves. */
  void oneQuery(double work) {
    unfinished++;
    connectForOne(work, now);
  }

  private void connectForOne(double work, double since) {
    Connection connection = connect(work, () -> connectForOne(work, since));
    Node node = connection.node;
    node.promised += work;
    at(
        now + LOGIN,
        () -> {
          node.promised -= work;
          if (connection.open) {
            connection.query(work, since, connection::close);
          }
        });
  }

  /** So many clients of one query, as they come by chance. */
  void stream(double from, int clients, double perSecond, double meanWork) {
    double time = from;
    for (int i = 0; i < clients; i++) {
      time += drawn(1 / perSecond);
      double work = drawn(meanWork);
      at(time, () -> oneQuery(work));
    }
  }

  /**
   * One who keeps a connection.
   *
   * @param until when he asks no more
   * @param meanThink seconds between an answer and the next question
   * @param queries how many he asks at once
   * @param counts whether what his queries take counts
   */
  record Keeper(double until, double meanThink, int queries, double meanWork, boolean counts) {}

  /** A connection that is kept, on which queries are asked now and then. */
  void kept(Keeper keeper) {
    int[] running = {0};
    Connection connection =
        connect(
            0,
            () -> {
              unfinished -= running[0];
              kept(keeper);
            });
    think(keeper, connection, running);
  }

  private void think(Keeper keeper, Connection connection, int[] running) {
    double wake = now + drawn(keeper.meanThink());
    if (wake >= keeper.until()) {
      return;
    }
    at(
        wake,
        () -> {
          for (int i = 0; i < keeper.queries() && connection.open; i++) {
            unfinished++;
            running[0]++;
            double begun = keeper.counts() ? now : Double.NaN;
            connection.query(
                drawn(keeper.meanWork()),
                begun,
                () -> {
                  if (--running[0] == 0) {
                    think(keeper, connection, running);
                  }
                });
          }
        });
  }

  /** A coordinator dies, with its connections and queries, and is back later. */
  void restart(int index, double from, double to) {
    Node node = nodes.get(index);
    at(
        from,
        () -> {
          setUp(index, false);
          node.advance();
          node.queries.clear();
          node.plan();
          List<Connection> cut = List.copyOf(node.connections);
          cut.forEach(Connection::close);
          cut.forEach(connection -> connection.lost.run());
        });
    at(to, () -> setUp(index, true));
  }

  void setUp(int index, boolean up) {
    for (Front front : fronts) {
      Coordinator coordinator = front.pool.coordinator(index);
      coordinator.load().lost();
      coordinator.setStatus(up ? Coordinator.Status.UP : Coordinator.Status.DOWN, "simulation");
    }
  }

  /** From this time on queries, load and connections count. */
  void countFrom(double time) {
    countsFrom = time;
    at(
        time,
        () -> {
          latencies.clear();
          for (Node node : nodes) {
            node.advance();
            node.loadSeconds = 0;
            node.counted = 0;
          }
        });
  }

  /** Runs until a time, and on until the last query has ended. */
  Outcome run(double until) {
    while (now < until || unfinished > 0) {
      Event event = events.remove();
      now = event.at();
      event.what().run();
    }
    nodes.forEach(Node::advance);
    double[] loads = nodes.stream().mapToDouble(n -> n.loadSeconds).toArray();
    double worst = 0;
    double sum = 0;
    for (double load : loads) {
      worst = Math.max(worst, load);
      sum += load;
    }
    latencies.sort(Comparator.naturalOrder());
    return new Outcome(
        lastEnd - countsFrom,
        latencies.get((int) Math.ceil(latencies.size() * 0.95) - 1),
        worst / (sum / loads.length),
        nodes.stream().map(n -> n.counted).toList());
  }
}
