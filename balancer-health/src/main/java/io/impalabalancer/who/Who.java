package io.impalabalancer.who;

import io.impalabalancer.health.page.SessionsPage.ImpalaSession;
import java.util.List;

/**
 * Who is on one connection, as its coordinator says.
 *
 * @param user who logged in; empty if nobody had to
 * @param delegatedUser for whom; empty if for nobody else
 * @param sessions Impala's sessions that were used over it and live
 */
public record Who(String user, String delegatedUser, List<ImpalaSession> sessions) {

  public Who {
    sessions = List.copyOf(sessions);
  }

  /** Returns how many queries of its sessions run. */
  public long queries() {
    return sessions.stream().mapToLong(each -> Math.max(0, each.inflightQueries())).sum();
  }
}
