package io.impalabalancer.health.page;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@code /backends?json}: the impalads of a cluster as one of them knows them ({@code
 * ImpalaHttpHandler::BackendsHandler}).
 *
 * @param backends the first {@link #MOST} of the page
 * @param left how many more there are
 */
public record BackendsPage(List<Backend> backends, int left) {

  /** Its path. */
  public static final String PATH = "/backends?json";

  /** More than these are not taken from one page. */
  public static final int MOST = 2_000;

  /**
   * One impalad.
   *
   * @param address its backend's, {@code host:port}; no client port
   * @param id of the process, changes with each start
   * @param webUrl of its web port; empty if it has none
   * @param quiescing whether it is shutting down, null if that is not said (before 3.1)
   */
  public record Backend(
      String address,
      String id,
      String webUrl,
      boolean coordinator,
      boolean executor,
      @Nullable Boolean quiescing,
      String startTime,
      String version) {}

  public BackendsPage {
    backends = List.copyOf(backends);
  }

  /**
   * Reads one.
   *
   * @throws PageException if it is no such page
   */
  public static BackendsPage parse(byte[] page) throws PageException {
    List<Backend> backends = new ArrayList<>();
    var found =
        new Object() {
          boolean list;
          int left;
          String address = "";
          String id = "";
          String webUrl = "";
          boolean coordinator;
          boolean executor;
          @Nullable Boolean quiescing;
          String startTime = "";
          String version = "";
        };
    PageReader.read(
        page,
        in ->
            name -> {
              if (!name.equals("backends")) {
                in.skip();
                return;
              }
              found.list = true;
              in.objects(
                  () -> {
                    found.address = "";
                    found.id = "";
                    found.webUrl = "";
                    found.coordinator = false;
                    found.executor = false;
                    found.quiescing = null;
                    found.startTime = "";
                    found.version = "";
                  },
                  member -> {
                    switch (member) {
                      case "address" -> found.address = in.line();
                      case "backend_id" -> found.id = in.line();
                      case "webserver_url" -> found.webUrl = in.line();
                      case "is_coordinator" -> found.coordinator = Boolean.TRUE.equals(in.flag());
                      case "is_executor" -> found.executor = Boolean.TRUE.equals(in.flag());
                      case "is_quiescing" -> found.quiescing = in.flag();
                      case "process_start_time" -> found.startTime = in.line();
                      case "version" -> found.version = in.line();
                      default -> in.skip();
                    }
                  },
                  () -> {
                    if (backends.size() == MOST) {
                      found.left++;
                      return;
                    }
                    backends.add(
                        new Backend(
                            found.address,
                            found.id,
                            found.webUrl,
                            found.coordinator,
                            found.executor,
                            found.quiescing,
                            found.startTime,
                            found.version));
                  });
            });
    if (!found.list) {
      throw new PageException("the page has no list of backends");
    }
    return new BackendsPage(backends, found.left);
  }
}
