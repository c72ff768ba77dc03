package io.impalabalancer.metrics;

import io.impalabalancer.config.ConfigException;
import io.impalabalancer.config.ConfigLoader;
import io.impalabalancer.config.SyslogConfig;
import io.impalabalancer.core.Balancer;

/** Makes balancers for tests. */
final class TestBalancer {
  /** For logs that go elsewhere. */
  static final SyslogConfig NO_SYSLOG =
      new SyslogConfig(
          SyslogConfig.Transport.UNIX, "/none", 0, SyslogConfig.Format.RFC3164, 16, 6, "", "test");

  private TestBalancer() {}

  /** Makes one, not open, from HOCON without the outermost key; it has one thread. */
  static Balancer of(String hocon) {
    String text = "impala-balancer { stats.bind = none, threads = 1\n" + hocon + "\n}";
    try {
      return new Balancer(ConfigLoader.parse("test.conf", text).config());
    } catch (ConfigException e) {
      throw new AssertionError(e.problems().toString(), e);
    }
  }

  /** As {@link #of}, with coordinators c1 and c2 and a hiveserver2 listener jdbc. */
  static Balancer withJdbc(String listenerSettings) {
    return of(
        """
        coordinators = [
          { name = c1, host = 127.0.0.1, maxconn = 60, ports { hiveserver2-http = none } }
          { name = c2, host = 127.0.0.2, maxconn = 60, ports { hiveserver2-http = none } }
        ]
        listeners = [
          { name = jdbc, bind = "127.0.0.1:0", protocol = hiveserver2, maxconn = 1000, %s }
        ]
        """
            .formatted(listenerSettings));
  }
}
