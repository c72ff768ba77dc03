package io.impalabalancer.core;

import io.impalabalancer.config.BalancerConfig;
import io.netty.util.concurrent.Ticker;
import java.util.List;
import java.util.OptionalLong;

/**
 * The relay as a whole: built from a configuration, then opened, then closed. Any thread.
 *
 * <p>Order of use: make it, {@link #addListener} whoever wants events, let health start its checks,
 * {@link #open}. To end: {@link #stopAccepting}, wait for {@link #sessions} to become 0, {@link
 * #closeSessions}, {@link #close}.
 */
public final class Balancer implements AutoCloseable {

  /** Makes a balancer that is not open: its host names are being looked up, nothing is bound. */
  public Balancer(BalancerConfig config) {
    this(config, Ticker.systemTicker());
  }

  Balancer(BalancerConfig config, Ticker ticker) {
    throw new UnsupportedOperationException(config + " " + ticker);
  }

  /** Adds someone to be told of events; before {@link #open}. */
  public void addListener(BalancerListener listener) {
    throw new UnsupportedOperationException();
  }

  /** Returns where events are told; health tells its checks there. */
  public BalancerListener events() {
    throw new UnsupportedOperationException();
  }

  /** Returns the configuration. */
  public BalancerConfig config() {
    throw new UnsupportedOperationException();
  }

  /** Returns the clock of all deadlines. */
  public Ticker ticker() {
    throw new UnsupportedOperationException();
  }

  /** Returns the coordinators in the order declared. */
  public List<Coordinator> coordinators() {
    throw new UnsupportedOperationException();
  }

  /** Returns the pools in the order declared. */
  public List<Pool> pools() {
    throw new UnsupportedOperationException();
  }

  /** Returns the listeners in the order declared. */
  public List<Listener> listeners() {
    throw new UnsupportedOperationException();
  }

  /** Looks a coordinator's host up again soon, because it seems to be gone. */
  public void resolveSoon(Coordinator coordinator) {
    throw new UnsupportedOperationException();
  }

  /**
   * Binds the addresses of all listeners and accepts.
   *
   * @throws BindException for the first address that cannot be bound; nothing stays bound then
   */
  public void open() throws BindException {
    throw new UnsupportedOperationException();
  }

  /** Returns whether it is open and every listener has a usable member. */
  public boolean ready() {
    throw new UnsupportedOperationException();
  }

  /** Gives up the addresses of all listeners; running sessions live on. */
  public void stopAccepting() {
    throw new UnsupportedOperationException();
  }

  /** Returns the sessions now, of all listeners. */
  public int sessions() {
    throw new UnsupportedOperationException();
  }

  /** Ends every session. Returns at once; {@link #sessions} tells when it is done. */
  public void closeSessions(Termination termination) {
    throw new UnsupportedOperationException();
  }

  /** Ends every session of one coordinator, as {@link #closeSessions(Termination)}. */
  public void closeSessions(Coordinator coordinator, Termination termination) {
    throw new UnsupportedOperationException();
  }

  /** Returns the bytes that are held for all sessions: read, and not yet written. */
  public long heldBytes() {
    throw new UnsupportedOperationException();
  }

  /** Returns how late the event loops were last, the worst of them; empty before the first probe. */
  public OptionalLong loopLagNanos() {
    throw new UnsupportedOperationException();
  }

  /** Returns the wire in use: {@code epoll} or {@code channel}. */
  public String wire() {
    throw new UnsupportedOperationException();
  }

  /** Closes everything at once and waits for the event loops to end. */
  @Override
  public void close() {
    throw new UnsupportedOperationException();
  }
}
