package io.impalabalancer.metrics;

/**
 * One value that HAProxy's commands show, with what they say of it.
 *
 * @param position HAProxy's number of it, in its order
 * @param tags three letters: origin, nature and scope ("show stat typed" in HAProxy's management
 *     guide)
 * @param type {@code str}, {@code u32}, {@code s32} or {@code u64}
 */
public record StatField(int position, String name, String tags, String type, String value) {

  /** Appends it as {@code typed} does, after what says whose it is. */
  void appendTyped(String owner, StringBuilder out) {
    out.append(owner)
        .append(position)
        .append('.')
        .append(name)
        .append(".1:")
        .append(tags)
        .append(':')
        .append(type)
        .append(':')
        .append(value)
        .append('\n');
  }

  /** Appends it as {@code json} does, after what says whose it is. */
  void appendJson(String owner, StringBuilder out) {
    out.append('{').append(owner).append("\"field\":{\"pos\":").append(position);
    out.append(",\"name\":\"").append(name).append("\"},\"processNum\":1,\"tags\":{\"origin\":\"");
    out.append(origin()).append("\",\"nature\":\"").append(nature());
    out.append("\",\"scope\":\"").append(tags.charAt(2) == 'S' ? "Service" : "Process");
    out.append("\"},\"value\":{\"type\":\"").append(type).append("\",\"value\":");
    if (type.equals("str")) {
      out.append('"').append(value.replace("\\", "\\\\").replace("\"", "\\\"")).append('"');
    } else {
      out.append(value);
    }
    out.append("}}");
  }

  private String origin() {
    return switch (tags.charAt(0)) {
      case 'M' -> "Metric";
      case 'S' -> "Status";
      case 'K' -> "Key";
      case 'C' -> "Config";
      default -> "Product";
    };
  }

  private String nature() {
    return switch (tags.charAt(1)) {
      case 'C' -> "Counter";
      case 'G' -> "Gauge";
      case 'L' -> "Limit";
      case 'M' -> "Max";
      case 'R' -> "Rate";
      case 'D' -> "Duration";
      case 'A' -> "Age";
      case 'a' -> "Avg";
      case 'N' -> "Name";
      default -> "Output";
    };
  }
}
