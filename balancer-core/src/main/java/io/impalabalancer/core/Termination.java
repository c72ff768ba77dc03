package io.impalabalancer.core;

/**
 * How a session ended: the cause, and what each side is sent for it. With the {@link Phase} in
 * which it happened it prints as HAProxy's two letters. {@link #word()} is the same in log, metric
 * and test.
 *
 * <p>This is the table of endings; {@code docs/endings.md} shows it to users.
 */
public enum Termination {
  /** Both sides ended their direction. */
  COMPLETED("completed", '-', Ending.FIN, Ending.FIN),
  /** The client ended before it had a coordinator connection. */
  CLIENT_LEFT("client-left", 'C', Ending.FIN, Ending.RST),
  /** The client's connection broke: a reset, or a peer that keepalive found dead. */
  CLIENT_RESET("client-reset", 'C', Ending.RST, Ending.RST),
  /** The coordinator's connection broke: a reset, or a peer that keepalive found dead. */
  COORDINATOR_RESET("coordinator-reset", 'S', Ending.RST, Ending.RST),
  /** The client said nothing within {@code first-bytes}. */
  FIRST_BYTES_TIMEOUT("first-bytes-timeout", 'c', Ending.FIN, Ending.NONE),
  /** The client had said nothing yet and its place was needed, a {@code maxconn} being near. */
  SILENT_EVICTED("silent-evicted", 'P', Ending.FIN, Ending.NONE),
  /** With {@code accept-proxy}: it came from a network that is not in the list. */
  PROXY_NOT_ALLOWED("proxy-not-allowed", 'P', Ending.FIN, Ending.NONE),
  /** With {@code accept-proxy}: it did not begin with a PROXY header. */
  PROXY_HEADER_BAD("proxy-header-bad", 'P', Ending.FIN, Ending.NONE),
  /** No coordinator had room within {@code queue}. */
  QUEUE_TIMEOUT("queue-timeout", 's', Ending.FIN, Ending.NONE),
  /** No member of the pool was usable. */
  NONE_USABLE("none-usable", 'S', Ending.FIN, Ending.NONE),
  /** Every attempt to connect was refused or reset. */
  CONNECT_FAILED("connect-failed", 'S', Ending.FIN, Ending.NONE),
  /** The last attempt to connect took longer than {@code connect}. */
  CONNECT_TIMEOUT("connect-timeout", 's', Ending.FIN, Ending.RST),
  /** No byte from or to the client within {@code client}. */
  CLIENT_TIMEOUT("client-timeout", 'c', Ending.FIN, Ending.FIN),
  /** No byte from or to the coordinator within {@code server}. */
  SERVER_TIMEOUT("server-timeout", 's', Ending.FIN, Ending.FIN),
  /** The coordinator had ended, and the client was silent for {@code client-fin}. */
  CLIENT_FIN_TIMEOUT("client-fin-timeout", 'c', Ending.FIN, Ending.FIN),
  /** The client had ended, and the coordinator was silent for {@code server-fin}. */
  SERVER_FIN_TIMEOUT("server-fin-timeout", 's', Ending.FIN, Ending.FIN),
  /** The coordinator went DOWN, and {@code on-marked-down} says to close its sessions. */
  COORDINATOR_DOWN("coordinator-down", 'D', Ending.FIN, Ending.FIN),
  /** It was idle, and {@code rebalance} gives another coordinator its share. */
  REBALANCED("rebalanced", 'U', Ending.FIN, Ending.FIN),
  /** The balancer ends, and the grace is over. */
  SHUTDOWN("shutdown", 'K', Ending.FIN, Ending.FIN),
  /** Somebody closed it by a command. */
  KILLED("killed", 'K', Ending.FIN, Ending.FIN),
  /** The balancer lacked a descriptor, a port or memory to connect. */
  NO_RESOURCES("no-resources", 'R', Ending.FIN, Ending.NONE),
  /** A defect of the balancer; must never happen. */
  INTERNAL("internal", 'I', Ending.RST, Ending.RST);

  /** What a side is sent when a session ends. */
  public enum Ending {
    /** What was relayed to it, then FIN. */
    FIN,
    /** RST. */
    RST,
    /** Nothing: there is no connection. */
    NONE
  }

  private final String word;
  private final char letter;
  private final Ending client;
  private final Ending coordinator;

  Termination(String word, char letter, Ending client, Ending coordinator) {
    this.word = word;
    this.letter = letter;
    this.client = client;
    this.coordinator = coordinator;
  }

  /** Returns the word that log, metrics and tests use. */
  public String word() {
    return word;
  }

  /** Returns what the client is sent. */
  public Ending client() {
    return client;
  }

  /** Returns what the coordinator is sent, if there is a connection to it. */
  public Ending coordinator() {
    return coordinator;
  }

  /** Returns HAProxy's two letters, such as {@code cD} or {@code --}. */
  public String letters(Phase phase) {
    return this == COMPLETED ? "--" : "" + letter + phase.letter();
  }
}
