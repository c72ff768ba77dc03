package io.impalabalancer.cli;

import io.impalabalancer.config.BalancerConfig;
import io.impalabalancer.config.CoordinatorConfig;
import io.impalabalancer.config.DiscoverConfig;
import io.impalabalancer.config.MemberConfig;
import io.impalabalancer.config.PoolConfig;
import io.impalabalancer.config.Problem;
import io.impalabalancer.discovery.Discovery;
import io.impalabalancer.discovery.Found;
import io.impalabalancer.health.WebPages;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * What one round of discovery makes of a configuration, for people.
 *
 * @param lines who was found, and what each pool is with them
 * @param problems what was wrong or passed over
 */
record FoundNow(List<String> lines, List<Problem> problems) {
  private static final int ROUND = 3;

  /** Where nothing is looked for. */
  static final FoundNow NOBODY = new FoundNow(List.of(), List.of());

  /** Asks once. */
  static FoundNow of(BalancerConfig config) throws InterruptedException {
    DiscoverConfig discover = config.discover();
    if (!discover.isOn()) {
      return NOBODY;
    }
    EventLoopGroup loop =
        new MultiThreadIoEventLoopGroup(
            1, new DefaultThreadFactory("pages", true), NioIoHandler.newFactory());
    WebPages pages = new WebPages(loop.next(), () -> config.check().web());
    try (Discovery discovery = new Discovery(discover, List.of(), pages)) {
      discovery.start(ROUND);
      Discovery.State state = discovery.state();
      BalancerConfig with = config.with(discovery.found());
      List<String> lines = new ArrayList<>();
      for (Found found : state.coordinators()) {
        boolean declared =
            with.coordinators().stream().noneMatch(c -> isAs(c, found.coordinator()));
        lines.add(
            "found %s at %s, said by %s%s"
                .formatted(
                    found.name(),
                    found.coordinator().host(),
                    found.source(),
                    declared ? "; it is declared" : ""));
      }
      with.pools().forEach(pool -> lines.add(text(pool)));
      List<Problem> problems = new ArrayList<>();
      state.problems().forEach(problem -> problems.add(new Problem("discover", problem)));
      if (state.rounds() + state.failures() == 0) {
        problems.add(new Problem("discover", "nobody has answered yet"));
      }
      return new FoundNow(lines, problems);
    } finally {
      loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    }
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
