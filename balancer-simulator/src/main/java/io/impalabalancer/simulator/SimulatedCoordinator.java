package io.impalabalancer.simulator;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A simulated Impala coordinator: a beeswax, a hiveserver2 and a web port on one host, a name, and
 * {@link Orders} that it obeys while it runs. Any thread may call any method.
 *
 * <p>Both client ports speak binary Thrift, bare (NOSASL) or after a SASL PLAIN login with any user
 * and password; the client's first byte tells which.
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
  private final Function<String, @Nullable Orders> peers;
  private final Counters counters = new Counters();
  private int beeswaxPort;
  private int hiveserver2Port;
  private int webPort;
  private volatile boolean healthy = true;
  private @Nullable Life life;
  private boolean closed;

  /** From a start to a death. */
  private record Life(
      Impalad impalad, StallGate stall, ClientPort beeswax, ClientPort hiveserver2, WebPort web) {}

  SimulatedCoordinator(
      String name,
      SimulatorOptions options,
      int firstPort,
      Function<String, @Nullable Orders> peers)
      throws IOException {
    this.name = name;
    this.options = options;
    this.peers = peers;
    if (firstPort > 0) {
      beeswaxPort = firstPort;
      hiveserver2Port = firstPort + 1;
      webPort = firstPort + 2;
    }
    life = start();
    LOG.info(
        "coordinator started name={} host={} beeswax={} hiveserver2={} web={}",
        name,
        options.host(),
        beeswaxPort,
        hiveserver2Port,
        webPort);
  }

  /**
   * Starts one coordinator, on the options' first ports or on free ones.
   *
   * @throws IOException if it cannot listen; the message names the address
   */
  public static SimulatedCoordinator start(String name, SimulatorOptions options)
      throws IOException {
    return new SimulatedCoordinator(name, options, options.basePort(), other -> null);
  }

  private synchronized Life start() throws IOException {
    StallGate stall = new StallGate();
    Impalad impalad = new Impalad(name, options, counters);
    WebPort web = bind(webPort, address -> new WebPort(address, new Subject(impalad)));
    webPort = web.port();
    String webAddress = options.host() + ":" + webPort;
    ClientPort beeswax =
        new ClientPort(
            name + "-beeswax",
            options,
            counters.beeswax,
            stall,
            user -> new BeeswaxService(impalad, user, webAddress));
    ClientPort hiveserver2 =
        new ClientPort(
            name + "-hiveserver2",
            options,
            counters.hiveserver2,
            stall,
            user -> new HiveServer2Service(impalad, user, webAddress));
    Life started = new Life(impalad, stall, beeswax, hiveserver2, web);
    try {
      beeswaxPort = bind(beeswaxPort, beeswax::listen);
      hiveserver2Port = bind(hiveserver2Port, hiveserver2::listen);
    } catch (IOException e) {
      end(started);
      throw e;
    }
    return started;
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
    life.beeswax.kill();
    life.hiveserver2.kill();
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

  /** The port of the beeswax protocol; the same for all its lives. */
  public synchronized int beeswaxPort() {
    return beeswaxPort;
  }

  /** The port of the binary HiveServer2 protocol; the same for all its lives. */
  public synchronized int hiveserver2Port() {
    return hiveserver2Port;
  }

  /** The port of the web pages and orders; the same for all its lives. */
  public synchronized int webPort() {
    return webPort;
  }

  /** What it has seen until now. */
  public Counts counts() {
    return counters.snapshot();
  }

  @Override
  public synchronized void die() {
    if (life != null) {
      end(life);
      life = null;
      LOG.info("coordinator died name={}", name);
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
        life = start();
      } else {
        bind(beeswaxPort, now.beeswax::listen);
        bind(hiveserver2Port, now.hiveserver2::listen);
        now.stall.set(false);
        now.web.stall(false);
      }
      LOG.info("coordinator revived name={}", name);
    } catch (IOException e) {
      throw new UncheckedIOException(e.getMessage(), e);
    }
  }

  @Override
  public synchronized void stall(boolean web) {
    if (life != null) {
      life.stall.set(true);
      life.web.stall(web);
      LOG.info("coordinator stalled name={} web={}", name, web);
    }
  }

  @Override
  public synchronized void refuse() {
    if (life != null) {
      life.beeswax.stopListening();
      life.hiveserver2.stopListening();
      LOG.info("coordinator refuses connections name={}", name);
    }
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

  /** Ends it for good. */
  @Override
  public synchronized void close() {
    closed = true;
    die();
  }

  /** Name and addresses on one line. */
  @Override
  public String toString() {
    return String.format(
        "%s host=%s beeswax=%d hiveserver2=%d web=%d",
        name, host(), beeswaxPort(), hiveserver2Port(), webPort());
  }

  private final class Subject implements WebPort.Subject {
    private final Impalad impalad;

    Subject(Impalad impalad) {
      this.impalad = impalad;
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public String startTime() {
      return impalad.startTime;
    }

    @Override
    public boolean isHealthy() {
      return healthy;
    }

    @Override
    public Counts counts() {
      return SimulatedCoordinator.this.counts();
    }

    @Override
    public @Nullable Orders find(String coordinator) {
      return coordinator.equals(name) ? SimulatedCoordinator.this : peers.apply(coordinator);
    }
  }
}
