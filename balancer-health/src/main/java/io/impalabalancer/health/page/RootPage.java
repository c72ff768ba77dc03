package io.impalabalancer.health.page;

import org.jspecify.annotations.Nullable;

/**
 * {@code /?json}: who a daemon is (Impala's {@code RootHandler} in default-path-handlers.cc).
 *
 * @param version one line; of an impalad it begins with {@code impalad version}
 * @param startTime of the process, in Impala's words; empty before 2.10 (IMPALA-5511)
 * @param coordinator whether it takes clients, null if that is not said
 * @param executor whether it executes queries of others, null if that is not said
 * @param quiescing whether it is shutting down, null if that is not said
 * @param shutdownStatus grace, deadline and queries left; empty unless it is shutting down
 */
public record RootPage(
    String version,
    String startTime,
    @Nullable Boolean coordinator,
    @Nullable Boolean executor,
    @Nullable Boolean quiescing,
    String shutdownStatus) {

  /** Its path. */
  public static final String PATH = "/?json";

  /**
   * Reads one.
   *
   * @throws PageException if it is none of Impala's
   */
  public static RootPage parse(byte[] page) throws PageException {
    var found =
        new Object() {
          @Nullable String version;
          String startTime = "";
          @Nullable Boolean coordinator;
          @Nullable Boolean executor;
          @Nullable Boolean quiescing;
          String shutdownStatus = "";
        };
    PageReader.read(
        page,
        in ->
            name -> {
              switch (name) {
                case "version" ->
                    found.version = PageReader.line(in.text().lines().findFirst().orElse(""));
                case "process_start_time" -> found.startTime = in.line();
                case "is_coordinator" -> found.coordinator = in.flag();
                case "is_executor" -> found.executor = in.flag();
                case "is_quiescing" -> found.quiescing = in.flag();
                case "shutdown_status" -> found.shutdownStatus = in.line();
                default -> in.skip();
              }
            });
    String version = found.version;
    if (version == null) {
      throw new PageException("the page is not Impala's: it has no version");
    }
    return new RootPage(
        version,
        found.startTime,
        found.coordinator,
        found.executor,
        found.quiescing,
        found.shutdownStatus);
  }
}
