package io.impalabalancer.health.page;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * {@code /jsonmetrics?json}: the flat page of every metric of a daemon, as far as it is of interest
 * here ({@code MetricGroup::CMCompatibleCallback} in metrics.cc, names in metrics.json). Histograms
 * are not in it.
 *
 * @param values by name, as text
 * @param queued queries that wait for admission on this coordinator, over all pools; -1 if no pool
 *     is named
 * @param fullPool a pool whose queue is full, as far as this coordinator knows; empty for none
 */
public record MetricsPage(Map<String, String> values, long queued, String fullPool) {

  /** Says nothing. */
  public static final MetricsPage NONE = new MetricsPage(Map.of(), -1, "");

  /** Its path. */
  public static final String PATH = "/jsonmetrics?json";

  public static final String READY = "impala-server.ready";
  public static final String CATALOG_READY = "catalog.ready";
  public static final String CATALOG_SERVICE = "catalog.curr-serviceid";
  public static final String CATALOG_VERSION = "catalog.curr-version";
  public static final String CACHE_HIT_RATE = "catalog.cache.hit-rate";
  public static final String STATESTORE_CONNECTED = "statestore-subscriber.connected";
  public static final String STATESTORE_REGISTRATION = "statestore-subscriber.registration-id";
  public static final String QUERIES_REGISTERED = "impala-server.num-queries-registered";
  public static final String QUERIES_EXECUTING = "impala-server.backend-num-queries-executing";

  /** What Impala holds against its limit ({@code AggregateMemoryMetrics::TOTAL_USED}). */
  public static final String MEMORY_USED = "memory.total-used";

  public static final String MEMORY_LIMIT = "mem-tracker.process.limit";
  public static final String GC_MILLIS = "jvm.gc_time_millis";

  private static final String SERVER = "impala.thrift-server.";
  private static final String IN_USE = ".connections-in-use";
  private static final String SETUP_QUEUE = ".connection-setup-queue-size";
  private static final List<String> SERVERS =
      List.of("beeswax-frontend", "hiveserver2-frontend", "hiveserver2-http-frontend");

  private static final String LOCAL_QUEUED = "admission-controller.local-num-queued.";
  private static final String AGG_QUEUED = "admission-controller.agg-num-queued.";
  private static final String MAX_QUEUED = "admission-controller.pool-max-queued.";

  /** What the names of those of a pool begin with. */
  private static final byte[][] OF_POOLS = {
    bytes(LOCAL_QUEUED), bytes(AGG_QUEUED), bytes(MAX_QUEUED)
  };

  /** The names that are of interest, beside those of a pool, by their length. */
  private static final byte[][][] WANTED = wanted();

  private static byte[] bytes(String name) {
    return name.getBytes(StandardCharsets.UTF_8);
  }

  private static byte[][][] wanted() {
    List<String> names =
        new ArrayList<>(
            List.of(
                READY,
                CATALOG_READY,
                CATALOG_SERVICE,
                CATALOG_VERSION,
                CACHE_HIT_RATE,
                STATESTORE_CONNECTED,
                STATESTORE_REGISTRATION,
                QUERIES_REGISTERED,
                QUERIES_EXECUTING,
                MEMORY_USED,
                MEMORY_LIMIT,
                GC_MILLIS));
    for (String server : SERVERS) {
      names.add(SERVER + server + IN_USE);
      names.add(SERVER + server + SETUP_QUEUE);
    }
    int longest = names.stream().mapToInt(String::length).max().orElseThrow();
    return IntStream.rangeClosed(0, longest)
        .mapToObj(length ->
            names.stream()
                .filter(name -> name.length() == length)
                .map(MetricsPage::bytes)
                .toArray(byte[][]::new))
        .toArray(byte[][][]::new);
  }

  public MetricsPage {
    values = Map.copyOf(values);
  }

  /**
   * Reads one.
   *
   * @throws PageException if it is no such page
   */
  public static MetricsPage parse(byte[] page) throws PageException {
    Map<String, String> values = new HashMap<>();
    Map<String, String> pools = new HashMap<>();
    FlatScan.Found take =
        (name, text) -> (name.startsWith("admission") ? pools : values).put(name, text);
    if (!FlatScan.read(page, MetricsPage::isWanted, take)) {
      values.clear();
      pools.clear();
      PageReader.read(
          page,
          in ->
              name -> {
                byte[] bytes = bytes(name);
                if (isWanted(bytes, 0, bytes.length)) {
                  take.found(name, in.text());
                } else {
                  in.skip();
                }
              });
    }
    if (values.isEmpty()) {
      throw new PageException("the page has none of Impala's metrics");
    }
    long queued = -1;
    String full = "";
    for (Map.Entry<String, String> each : pools.entrySet()) {
      if (each.getKey().startsWith(LOCAL_QUEUED)) {
        queued = Math.max(0, queued) + Math.max(0, PageReader.count(each.getValue()));
      } else if (each.getKey().startsWith(MAX_QUEUED)) {
        String pool = each.getKey().substring(MAX_QUEUED.length());
        long most = PageReader.count(each.getValue());
        long now = PageReader.count(pools.getOrDefault(AGG_QUEUED + pool, ""));
        if (most > 0 && now >= most) {
          full = pool;
        }
      }
    }
    return new MetricsPage(values, queued, full);
  }

  /** Returns whether a part of a page is the name of a metric that is of interest. */
  private static boolean isWanted(byte[] page, int from, int to) {
    int length = to - from;
    if (length < WANTED.length) {
      for (byte[] name : WANTED[length]) {
        if (Arrays.equals(page, from, to, name, 0, length)) {
          return true;
        }
      }
    }
    for (byte[] begin : OF_POOLS) {
      if (length > begin.length
          && Arrays.equals(page, from, from + begin.length, begin, 0, begin.length)) {
        return true;
      }
    }
    return false;
  }

  /** Returns a number that cannot be negative, -1 if it is not known. */
  public long count(String name) {
    return PageReader.count(values.getOrDefault(name, ""));
  }

  /** Returns a share in percent, -1 if it is not known. */
  public long percent(String name) {
    String text = values.get(name);
    try {
      double share = text == null ? -1 : Double.parseDouble(text);
      return share >= 0 && share <= 1 ? Math.round(share * 100) : -1;
    } catch (NumberFormatException none) {
      return -1;
    }
  }

  /** Returns a text, empty if it is not known. */
  public String text(String name) {
    return values.getOrDefault(name, "");
  }

  /** Returns whether something is so, null if that is not known. */
  public @Nullable Boolean flag(String name) {
    return switch (text(name)) {
      case "true", "1" -> Boolean.TRUE;
      case "false", "0" -> Boolean.FALSE;
      default -> null;
    };
  }

  /**
   * Returns the connections at one server now, -1 if that is not known.
   *
   * @param server such as {@code hiveserver2-frontend}
   */
  public long connectionsInUse(String server) {
    return count(SERVER + server + IN_USE);
  }

  /** Returns the connections that wait to be set up at one server, -1 if that is not known. */
  public long setupQueue(String server) {
    return count(SERVER + server + SETUP_QUEUE);
  }
}
