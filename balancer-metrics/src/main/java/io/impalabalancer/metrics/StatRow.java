package io.impalabalancer.metrics;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One row of HAProxy's {@code show stat}, in the columns and the order of HAProxy 2.6: what a
 * listener's clients see, one member, or what a listener's members add up to. Columns that have no
 * meaning here are empty. {@code docs/runtime.md} lists them. Immutable once it is made.
 */
public final class StatRow {

  /** What a row is of; HAProxy's numbers. */
  public enum Kind {
    /** The side of the clients. */
    FRONTEND(0, "Frontend"),
    /** The side of the coordinators. */
    BACKEND(1, "Backend"),
    /** A member, under its alias. */
    SERVER(2, "Server");

    private final int number;
    private final String word;

    Kind(int number, String word) {
      this.number = number;
      this.word = word;
    }

    /** Returns HAProxy's number. */
    public int number() {
      return number;
    }
  }

  /** Name, tags and type of each column; tags of a backend's row where they differ. */
  private static final String COLUMNS =
      """
      pxname:KNS:str svname:KNS:str qcur:MGP:u32 qmax:MMP:u32 scur:MGP:u32 smax:MMP:u32
      slim:CLP:u32 stot:MCP:u64 bin:MCP:u64 bout:MCP:u64 dreq:MCP:u64 dresp:MCP:u64
      ereq:MCP:u64 econ:MCP:u64 eresp:MCP:u64 wretr:MCP:u64 wredis:MCP:u64 status:SGP:str
      weight:MaP:u32 act:SGP:u32:MGP bck:SGP:u32:MGP chkfail:MCP:u64 chkdown:MCP:u64
      lastchg:MAP:u32 downtime:MCP:u32 qlimit:CLS:u32 pid:KGP:u32 iid:KGS:u32 sid:KGS:u32
      throttle:MAP:u32 lbtot:MCP:u64 tracked type:CGS:u32 rate:MRP:u32:MGP rate_lim:CLP:u32
      rate_max:MMP:u32:MGP check_status:MOP:str check_code:MOP:u32 check_duration:MDP:u64
      hrsp_1xx hrsp_2xx hrsp_3xx hrsp_4xx hrsp_5xx hrsp_other hanafail req_rate:MRP:u32
      req_rate_max:MMP:u32 req_tot:MCP:u64 cli_abrt:MCP:u64 srv_abrt:MCP:u64 comp_in:MCP:u64
      comp_out:MCP:u64 comp_byp:MCP:u64 comp_rsp:MCP:u64 lastsess:MAP:s32 last_chk:MOP:str
      last_agt qtime:MaP:u32 ctime:MaP:u32 rtime:MaP:u32 ttime:MaP:u32 agent_status
      agent_code agent_duration check_desc:MOP:str agent_desc check_rise:CGS:u32
      check_fall:CGS:u32 check_health:CGS:u32 agent_rise agent_fall agent_health
      addr:CGS:str cookie mode:CGS:str algo:CGS:str conn_rate:MRP:u32 conn_rate_max:MMP:u32
      conn_tot:MCP:u64 intercepted dcon:MCP:u64 dses:MCP:u64 wrew:MCP:u64 connect:MCP:u64
      reuse:MCP:u64 cache_lookups cache_hits srv_icur:MGP:u32 src_ilim qtime_max:MMP:u32
      ctime_max:MMP:u32 rtime_max:MMP:u32 ttime_max:MMP:u32 eint:MCP:u64
      idle_conn_cur:MGP:u32 safe_conn_cur:MGP:u32 used_conn_cur:MGP:u32
      need_conn_est:MGP:u32 uweight:MaP:u32 agg_server_status:MGP:u32
      agg_server_check_status:MGP:u32 agg_check_status:MGP:u32 ssl_sess:MCP:u64
      ssl_reused_sess:MCP:u64 ssl_failed_handshake:MCP:u64 h2_headers_rcvd:MCP:u64
      h2_data_rcvd:MCP:u64 h2_settings_rcvd:MCP:u64 h2_rst_stream_rcvd:MCP:u64
      h2_goaway_rcvd:MCP:u64 h2_detected_conn_protocol_errors:MCP:u64
      h2_detected_strm_protocol_errors:MCP:u64 h2_rst_stream_resp:MCP:u64
      h2_goaway_resp:MCP:u64 h2_open_connections:MGP:u64 h2_backend_open_streams:MGP:u64
      h2_total_connections:MCP:u64 h2_backend_total_streams:MCP:u64
      h1_open_connections:MGP:u64 h1_open_streams:MGP:u64 h1_total_connections:MCP:u64
      h1_total_streams:MCP:u64 h1_bytes_in:MCP:u64 h1_bytes_out:MCP:u64
      h1_spliced_bytes_in:MCP:u64 h1_spliced_bytes_out:MCP:u64
      """;

  /** Behind this column the CSV has one named "-", where HAProxy's modules begin. */
  private static final String BEFORE_MODULES = "agg_check_status";

  private record Column(int position, String name, String tags, String type, String backendTags) {}

  private static final Map<String, Column> BY_NAME = columns();

  private final Kind kind;
  private final int proxyId;
  private final int id;
  private final Map<String, String> values = new LinkedHashMap<>();

  /**
   * Makes an empty one.
   *
   * @param proxyId HAProxy's {@code iid}
   * @param id HAProxy's {@code sid}
   */
  StatRow(Kind kind, int proxyId, int id) {
    this.kind = kind;
    this.proxyId = proxyId;
    this.id = id;
  }

  private static Map<String, Column> columns() {
    Map<String, Column> columns = new LinkedHashMap<>();
    for (String text : COLUMNS.strip().split("\\s+", -1)) {
      String[] parts = (text + "::").split(":", -1);
      String backendTags = parts.length > 5 ? parts[3] : parts[1];
      columns.put(parts[0], new Column(columns.size(), parts[0], parts[1], parts[2], backendTags));
    }
    return columns;
  }

  /** Returns the names of all columns, in order; without the "-" of the CSV. */
  public static List<String> columnNames() {
    return List.copyOf(BY_NAME.keySet());
  }

  /** Returns the first line of the CSV, with its end. */
  public static String csvHeader() {
    StringBuilder header = new StringBuilder("# ");
    for (String name : BY_NAME.keySet()) {
      header.append(name).append(name.equals(BEFORE_MODULES) ? ",-," : ",");
    }
    return header.append('\n').toString();
  }

  StatRow set(String column, String value) {
    if (!BY_NAME.containsKey(column)) {
      throw new IllegalArgumentException("HAProxy has no column " + column);
    }
    values.put(column, value);
    return this;
  }

  StatRow set(String column, long value) {
    return set(column, Long.toString(value));
  }

  /** Returns what it is of. */
  public Kind kind() {
    return kind;
  }

  /** Returns HAProxy's {@code iid}: the number of its listener, from 2. */
  public int proxyId() {
    return proxyId;
  }

  /** Returns HAProxy's {@code sid}: the number of the member, from 1; 0 for the others. */
  public int id() {
    return id;
  }

  /** Returns the value of a column, empty if it has none. */
  public String value(String column) {
    return values.getOrDefault(column, "");
  }

  /** Appends it as a line of CSV. */
  public void appendCsv(StringBuilder out) {
    for (String name : BY_NAME.keySet()) {
      String value = value(name);
      boolean quoted = value.indexOf(',') >= 0 || value.indexOf('"') >= 0;
      out.append(quoted ? '"' + value.replace("\"", "\"\"") + '"' : value);
      out.append(name.equals(BEFORE_MODULES) ? ",-," : ",");
    }
    out.append('\n');
  }

  /** Appends it in the form of {@code show stat typed}, a line per value. */
  public void appendTyped(StringBuilder out) {
    String owner = "%s.%d.%d.".formatted(kind.name().charAt(0), proxyId, id);
    fields().forEach(field -> field.appendTyped(owner, out));
  }

  /** Appends it in the form of {@code show stat json}: an array of its values. */
  public void appendJson(StringBuilder out) {
    String owner = "\"objType\":\"%s\",\"proxyId\":%d,\"id\":%d,".formatted(kind.word, proxyId, id);
    @Nullable String comma = null;
    out.append('[');
    for (StatField field : fields()) {
      out.append(comma == null ? "" : comma);
      comma = ",";
      field.appendJson(owner, out);
    }
    out.append(']');
  }

  private List<StatField> fields() {
    List<StatField> fields = new ArrayList<>();
    for (Column column : BY_NAME.values()) {
      String value = value(column.name);
      if (!value.isEmpty()) {
        String tags = kind == Kind.BACKEND ? column.backendTags : column.tags;
        fields.add(new StatField(column.position, column.name, tags, column.type, value));
      }
    }
    return fields;
  }
}
