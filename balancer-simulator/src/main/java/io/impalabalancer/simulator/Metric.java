package io.impalabalancer.simulator;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.HdrHistogram.Histogram;

/**
 * A metric as Impala's pages print it ({@code be/src/util/metrics.cc}, {@code
 * histogram-metric.cc}).
 *
 * @param group the child group of {@code impala-metrics} that it is in; empty for none
 * @param unit as in {@code common/thrift/metrics.json}
 * @param value a number, a text, a truth value or a {@link Histogram}
 */
record Metric(String group, String key, Kind kind, String unit, String description, Object value) {
  enum Kind {
    GAUGE,
    COUNTER,
    PROPERTY,
    HISTOGRAM
  }

  private static final double[] PERCENTILES = {25, 50, 75, 90, 95, 99.9};
  private static final String[] QUANTILES = {"0.2", "0.5", "0.7", "0.9", "0.95", "0.999"};

  /** What {@code /jsonmetrics} has; histograms are left out ({@code ToLegacyJson}). */
  void addTo(Map<String, Object> jsonMetrics) {
    if (kind != Kind.HISTOGRAM) {
      jsonMetrics.put(key, value);
    }
  }

  /** What {@code /metrics?json} has ({@code ToJson}). */
  Map<String, Object> json() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("name", key);
    json.put("description", description);
    json.put("human_readable", humanReadable());
    if (value instanceof Histogram histogram) {
      for (double percentile : PERCENTILES) {
        String name = percentile == (long) percentile ? "%.0f" : "%.1f";
        json.put(
            String.format(Locale.ROOT, name, percentile) + "th %-ile",
            histogram.getValueAtPercentile(percentile));
      }
      json.put("max", histogram.getMaxValue());
      json.put("min", histogram.getTotalCount() == 0 ? 0 : histogram.getMinValue());
      json.put("count", histogram.getTotalCount());
    } else {
      json.put("value", value);
    }
    json.put("kind", kind.name());
    json.put("units", unit);
    return json;
  }

  private String humanReadable() {
    if (value instanceof Histogram histogram) {
      return "Count: " + histogram.getTotalCount();
    }
    return unit.equals("BYTES") && value instanceof Number bytes
        ? PrettyPrinter.bytes(bytes.longValue())
        : String.valueOf(value);
  }

  /** What {@code /metrics_prometheus} has; properties are left out ({@code ToPrometheus}). */
  void addTo(StringBuilder prometheus) {
    if (kind == Kind.PROPERTY) {
      return;
    }
    String name = key.replace('.', '_').replace('-', '_');
    if (!name.startsWith("impala_")) {
      name = "impala_" + name;
    }
    prometheus.append("# HELP ").append(name).append(' ').append(description).append('\n');
    prometheus.append("# TYPE ").append(name).append(' ');
    if (value instanceof Histogram histogram) {
      prometheus.append("summary\n");
      for (int i = 0; i < PERCENTILES.length; i++) {
        long at = histogram.getValueAtPercentile(PERCENTILES[i]);
        prometheus.append(name).append("{quantile=\"").append(QUANTILES[i]).append("\"} ");
        prometheus.append(inBaseUnit(at)).append('\n');
      }
      long count = histogram.getTotalCount();
      prometheus.append(name).append("_count ").append(count).append('\n');
      prometheus.append(name).append("_sum ");
      prometheus.append(inBaseUnit(count == 0 ? 0 : (long) (histogram.getMean() * count)));
    } else {
      prometheus.append(kind.name().toLowerCase(Locale.ROOT)).append('\n');
      prometheus.append(name).append(' ').append(inBaseUnit((Number) value));
    }
    prometheus.append('\n');
  }

  /** Seconds for a time ({@code ConvertToPrometheusSecs}). */
  private Number inBaseUnit(Number number) {
    return switch (unit) {
      case "TIME_MS" -> number.doubleValue() / 1e3;
      case "TIME_US" -> number.doubleValue() / 1e6;
      case "TIME_NS" -> number.doubleValue() / 1e9;
      default -> number;
    };
  }
}
