package io.impalabalancer.cli;

import io.impalabalancer.config.BalancerConfig;
import io.impalabalancer.config.CoordinatorConfig;
import io.impalabalancer.config.MemberConfig;
import io.impalabalancer.config.PoolConfig;
import io.impalabalancer.config.Problem;
import io.impalabalancer.discovery.Discovery;
import io.impalabalancer.discovery.Found;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * What one round of discovery makes of a configuration, for people.
 *
 * @param lines who was found, and what each pool is with them
 * @param problems what was wrong or passed over
 */
record FoundNow(List<String> lines, List<Problem> problems) {
  /** Where nothing is looked for. */
  static final FoundNow NOBODY = new FoundNow(List.of(), List.of());

  /** Asks once. */
  static FoundNow of(BalancerConfig config) throws InterruptedException {
    Discovery.State state = Discovery.once(config.discover(), config.check().web());
    if (!state.on()) {
      return NOBODY;
    }
    BalancerConfig with = config.with(state.found());
    List<String> lines = new ArrayList<>();
    for (Found found : state.coordinators()) {
      boolean declared = with.coordinators().stream().noneMatch(c -> isAs(c, found.coordinator()));
      lines.add(
          "found %s at %s, said by %s%s"
              .formatted(
                  found.name(),
                  found.coordinator().host(),
                  found.source(),
                  declared ? "; it is declared" : ""));
    }
    with.pools().forEach(pool -> lines.add(text(pool)));
    return new FoundNow(
        lines, state.problems().stream().map(problem -> new Problem("discover", problem)).toList());
  }

  private static boolean isAs(CoordinatorConfig one, CoordinatorConfig found) {
    return one.name().equals(found.name())
        && one.host().equals(found.host())
        && one.ports().equals(found.ports());
  }

  private static String text(PoolConfig pool) {
    return "pool "
        + pool.name()
        + ": "
        + (pool.members().isEmpty()
            ? "nobody"
            : pool.members().stream().map(FoundNow::text).collect(Collectors.joining(", ")));
  }

  private static String text(MemberConfig member) {
    return member.coordinator()
        + " (weight "
        + member.weight()
        + (member.backup() ? ", backup)" : ")");
  }
}
