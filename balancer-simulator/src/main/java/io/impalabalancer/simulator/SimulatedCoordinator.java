package io.impalabalancer.simulator;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A simulated Impala coordinator: a beeswax, a hiveserver2, a hiveserver2-http and a web port on
 * one host, a name, and {@link Orders} that it obeys while it runs. Any thread may call any method.
 *
 * <p>Its clients log in as its {@link Authentication} says.
 */
public final class SimulatedCoordinator implements Orders, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SimulatedCoordinator.class);

  // Below the range that Linux gives to clients: nobody takes a dead coordinator's port, and no
  // client that connects to it is connected with itself.
  private static final int FREE_PORTS_FROM = 12_000;
  private static final int FREE_PORTS_TO = 32_000;
  private static final int FREE_PORT_ATTEMPTS = 100;

  private interface Binding<T> {
    T bind(InetSocketAddress address) throws IOException;
  }

  private final String name;
  private final SimulatorOptions options;
  private final SimulatedCluster cluster;
  private final Counters counters = new Counters();
  private volatile int beeswaxPort;
  private volatile int hiveserver2Port;
  private volatile int hiveserver2HttpPort;
  private volatile int webPort;
  private volatile boolean healthy = true;
  private volatile @Nullable Life life;
  private boolean closed;

  /** From a start to a death. */
  private record Life(Impalad impalad, StallGate stall, List<ClientPort> ports, WebPort web) {}

  SimulatedCoordinator(
      String name, SimulatorOptions options, int firstPort, SimulatedCluster cluster)
      throws IOException {
    this.name = name;
    this.options = options;
    this.cluster = cluster;
    if (firstPort > 0) {
      beeswaxPort = firstPort;
      hiveserver2Port = firstPort + 1;
      webPort = firstPort + 2;
      hiveserver2HttpPort = firstPort + 3;
    }
    start();
    LOG.info("coordinator started {}", this);
  }

  /**
   * Starts a coordinator that is alone in its cluster, on the options' first ports or on free ones.
   *
   * @throws IOException if it cannot listen; the message names the address
   */
  public static SimulatedCoordinator start(String name, SimulatorOptions options)
      throws IOException {
    return new SimulatedCluster(options).start(name, options, options.basePort());
  }

  private synchronized void start() throws IOException {
    Keytab keytab = options.keytab();
    GssapiLogin gssapi = keytab == null ? null : new GssapiLogin(keytab);
    counters.begin();
    StallGate stall = new StallGate();
    Impalad impalad = new Impalad(name, options, counters, cluster, this::exit);
    WebPages pages = new WebPages(this, cluster, impalad, counters);
    WebOrders orders = new WebOrders(name, cluster::find);
    WebPort web = bind(webPort, address -> new WebPort(address, this, pages, options, orders));
    webPort = web.port();
    ClientPort beeswax =
        new ClientPort(
            ServerName.BEESWAX,
            impalad,
            counters,
            stall,
            gssapi,
            connection -> new BeeswaxService(impalad, connection, webAddress()));
    Function<Connection, RpcService> services =
        connection -> new HiveServer2Service(impalad, connection, webAddress());
    ClientPort hiveserver2 =
        new ClientPort(ServerName.HIVESERVER2, impalad, counters, stall, gssapi, services);
    ClientPort http =
        new ClientPort(ServerName.HIVESERVER2_HTTP, impalad, counters, stall, null, services);
    Life started = new Life(impalad, stall, List.of(beeswax, hiveserver2, http), web);
    life = started;
    try {
      if (options.catalogLoad().isZero()) {
        open(started);
      } else {
        if (beeswaxPort == 0) {
          // Only to have ports of its own.
          listen(started);
          started.ports.forEach(ClientPort::stopListening);
        }
        impalad.after(options.catalogLoad(), () -> openLater(started));
      }
    } catch (IOException e) {
      end(started);
      life = null;
      throw e;
    }
  }

  /** The catalog has come: what Impala's {@code WaitForCatalog} waits for. */
  private void open(Life life) throws IOException {
    listen(life);
    life.impalad.catalog.ready();
  }

  private void listen(Life life) throws IOException {
    if (options.role().isCoordinator()) {
      beeswaxPort = bind(beeswaxPort, life.ports.get(0)::listen);
      hiveserver2Port = bind(hiveserver2Port, life.ports.get(1)::listen);
      hiveserver2HttpPort = bind(hiveserver2HttpPort, life.ports.get(2)::listen);
    }
  }

  private synchronized void openLater(Life loaded) {
    if (loaded.equals(life)) {
      try {
        open(loaded);
      } catch (IOException e) {
        LOG.warn("coordinator cannot open its ports name={} error={}", name, e.getMessage());
      }
    }
  }

  private <T> T bind(int port, Binding<T> binding) throws IOException {
    for (int attempt = 1; ; attempt++) {
      int candidate =
          port > 0 ? port : ThreadLocalRandom.current().nextInt(FREE_PORTS_FROM, FREE_PORTS_TO);
      try {
        return binding.bind(new InetSocketAddress(options.host(), candidate));
      } catch (IOException e) {
        if (port > 0 || attempt == FREE_PORT_ATTEMPTS || !(e instanceof BindException)) {
          throw new IOException(
              name
                  + " cannot listen on "
                  + options.host()
                  + ":"
                  + candidate
                  + ": "
                  + e.getMessage(),
              e);
        }
      }
    }
  }

  private static void end(Life life) {
    life.ports.forEach(ClientPort::kill);
    life.impalad.close();
    life.stall.set(false);
    life.web.close();
  }

  /** The name, which {@code select coordinator()} answers. */
  public String name() {
    return name;
  }

  /** The address it listens on, as the options say. */
  public String host() {
    return options.host();
  }

  /** The port of the beeswax protocol; the same for all its lives, 0 for an executor. */
  public int beeswaxPort() {
    return beeswaxPort;
  }

  /** The port of binary HiveServer2; the same for all its lives, 0 for an executor. */
  public int hiveserver2Port() {
    return hiveserver2Port;
  }

  /** The port of HiveServer2 over HTTP; the same for all its lives, 0 for an executor. */
  public int hiveserver2HttpPort() {
    return hiveserver2HttpPort;
  }

  /** The port of the web pages and orders; the same for all its lives. */
  public int webPort() {
    return webPort;
  }

  /** Where its web port is, as {@code /backends} tells it. */
  public String webUrl() {
    return (options.webTls() == null ? "http://" : "https://") + webAddress();
  }

  private String webAddress() {
    return options.host() + ":" + webPort;
  }

  /** What it has seen until now. */
  public Counts counts() {
    return counters.snapshot();
  }

  /** The process of this life, or null if it is dead. */
  @Nullable Impalad impalad() {
    Life now = life;
    return now == null ? null : now.impalad;
  }

  /** Whether it is registered with the statestore. */
  boolean isRegistered() {
    return healthy;
  }

  /** Whether it has started and is registered ({@code ImpalaServer::IsHealthy}). */
  boolean isHealthy() {
    Impalad process = impalad();
    return healthy && process != null && process.catalog.isReady();
  }

  @Override
  public synchronized void die() {
    Life ended = life;
    if (ended != null) {
      life = null;
      end(ended);
      LOG.info("coordinator died name={}", name);
    }
  }

  /** A shutdown is over. */
  private synchronized void exit() {
    Impalad process = impalad();
    if (process != null && process.shutdownStatus() != null) {
      die();
    }
  }

  /**
   * {@inheritDoc}
   *
   * @throws UncheckedIOException if another process has taken a port meanwhile
   */
  @Override
  public synchronized void revive() {
    if (closed) {
      return;
    }
    try {
      Life now = life;
      if (now == null) {
        healthy = true;
        start();
      } else {
        if (now.impalad.catalog.isReady()) {
          open(now);
        }
        now.impalad.catalog.lag(false);
        now.impalad.catalog.slow(Duration.ZERO);
        now.ports.forEach(ClientPort::empty);
        now.stall.set(false);
        now.web.truth();
        now.web.stall(false);
      }
      LOG.info("coordinator revived name={}", name);
    } catch (IOException e) {
      throw new UncheckedIOException(e.getMessage(), e);
    }
  }

  private interface Order {
    void carryOut(Life life);
  }

  private synchronized void order(String order, Order what) {
    Life now = life;
    if (now != null) {
      what.carryOut(now);
      LOG.info("coordinator obeys name={} order={}", name, order);
    }
  }

  @Override
  public void stall(boolean web) {
    order(
        "stall",
        now -> {
          now.stall.set(true);
          now.web.stall(web);
        });
  }

  @Override
  public void refuse() {
    order("refuse", now -> now.ports.forEach(ClientPort::stopListening));
  }

  @Override
  public void unhealthy() {
    healthy = false;
    LOG.info("coordinator unhealthy name={}", name);
  }

  @Override
  public void healthy() {
    healthy = true;
    LOG.info("coordinator healthy name={}", name);
  }

  @Override
  public void quiesce() {
    quiesce(options.shutdownDeadline());
  }

  @Override
  public void quiesce(Duration deadline) {
    order("quiesce", now -> now.impalad.quiesce(deadline));
  }

  @Override
  public void lag() {
    order("lag", now -> now.impalad.catalog.lag(true));
  }

  @Override
  public void fillThreads() {
    order("fill-threads", now -> now.ports.forEach(ClientPort::fill));
  }

  @Override
  public void slowCatalog(Duration perTable) {
    order("slow-catalog", now -> now.impalad.catalog.slow(perTable));
  }

  @Override
  public void restartCatalog() {
    cluster.catalog().restart();
  }

  @Override
  public void lie(String page, Lie lie) {
    order("lie", now -> now.web.lie(page, lie));
  }

  @Override
  public void say(String page, String key, String json) {
    order("say", now -> now.web.say(page, key, json));
  }

  @Override
  public void truth() {
    order("truth", now -> now.web.truth());
  }

  /** Ends it for good. */
  @Override
  public synchronized void close() {
    closed = true;
    die();
  }

  /** Name and addresses on one line. */
  @Override
  public String toString() {
    if (!options.role().isCoordinator()) {
      return String.format("%s host=%s web=%d", name, host(), webPort);
    }
    return String.format(
        "%s host=%s beeswax=%d hiveserver2=%d web=%d hiveserver2-http=%d",
        name, host(), beeswaxPort, hiveserver2Port, webPort, hiveserver2HttpPort);
  }
}
