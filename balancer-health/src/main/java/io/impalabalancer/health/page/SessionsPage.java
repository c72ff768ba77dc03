package io.impalabalancer.health.page;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * {@code /sessions?json}: who is connected to an impalad, and what runs there ({@code
 * ImpalaHttpHandler::SessionsHandler}; connections since 4.3). A heavy page: not for every second.
 *
 * @param sessions by Impala's session id
 */
public record SessionsPage(Map<String, ImpalaSession> sessions, List<Connection> connections) {

  /** Its path. */
  public static final String PATH = "/sessions?json";

  /**
   * A session of Impala's, which outlives connections.
   *
   * @param type such as {@code HIVESERVER2}
   * @param inflightQueries -1 if that is not known
   */
  public record ImpalaSession(
      String id, String type, String user, String delegatedUser, long inflightQueries) {}

  /**
   * A client connection.
   *
   * @param peer the address and port that it comes from, {@code host:port}
   * @param server such as {@code hiveserver2-frontend}
   */
  public record Connection(
      String id,
      String user,
      String delegatedUser,
      String peer,
      String server,
      List<String> sessionIds) {

    public Connection {
      sessionIds = List.copyOf(sessionIds);
    }
  }

  public SessionsPage {
    sessions = Map.copyOf(sessions);
    connections = List.copyOf(connections);
  }

  /**
   * Reads one.
   *
   * @throws PageException if it is no such page
   */
  public static SessionsPage parse(byte[] page) throws PageException {
    Map<String, ImpalaSession> sessions = new HashMap<>();
    List<Connection> connections = new ArrayList<>();
    Map<String, String> member = new HashMap<>();
    PageReader.read(
        page,
        in -> {
          PageReader.Member remember = key -> member.put(key, in.text());
          return name -> {
            switch (name) {
              case "sessions" ->
                  in.objects(
                      member::clear,
                      remember,
                      () -> sessions.put(text(member, "session_id"), session(member)));
              case "connections" ->
                  in.objects(member::clear, remember, () -> connections.add(connection(member)));
              default -> in.skip();
            }
          };
        });
    sessions.remove("");
    return new SessionsPage(sessions, connections);
  }

  private static ImpalaSession session(Map<String, String> member) {
    return new ImpalaSession(
        text(member, "session_id"),
        text(member, "type"),
        text(member, "user"),
        text(member, "delegated_user"),
        PageReader.count(text(member, "inflight_queries")));
  }

  private static Connection connection(Map<String, String> member) {
    return new Connection(
        text(member, "connection_id"),
        text(member, "user"),
        text(member, "delegated_user"),
        text(member, "network_address"),
        text(member, "server_name"),
        text(member, "session_ids").lines().filter(id -> !id.isBlank()).toList());
  }

  private static String text(Map<String, String> member, String key) {
    return member.getOrDefault(key, "");
  }
}
