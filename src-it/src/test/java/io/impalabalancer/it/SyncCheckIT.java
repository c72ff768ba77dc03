package io.impalabalancer.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Whether two packaged balancers run the same configuration, asked as an operator does. */
class SyncCheckIT {

  @Test
  void twoBalancersAreInSyncUntilOneIsReloadedWithSomethingElse() {
    int port = FreePort.next();
    // The second says the same in other words, at another address.
    String one = config("127.0.0.1:" + port, "balance = source } ]", "");
    String two =
        config(
            "127.0.0.2:" + port, "} ]", "# the same\n defaults { balance = source }, threads = 1");
    try (BalancerProcess first = BalancerProcess.start(one);
        BalancerProcess second = BalancerProcess.start(two)) {
      assertThat(syncCheck(first, second)).isZero();
      assertThat(first.get("/api/v1/info").body()).contains("\"config\":\"" + hash(second) + "\"");
      assertThat(second.reload(two.replace("source", "leastconn"))).contains("result=ok");
      assertThat(syncCheck(first, second)).isEqualTo(1);
      assertThat(second.reload(two)).contains("result=ok");
      assertThat(syncCheck(first, second)).isZero();
      second.process().kill();
      assertThat(syncCheck(first, second)).isEqualTo(3);
    }
  }

  private static String config(String bind, String listener, String more) {
    return """
    impala-balancer {
      coordinators = [impala-1.invalid, impala-2.invalid]
      listeners = [{ name = jdbc, bind = "%s", protocol = hiveserver2, %s
      check.type = none
      %s
    }
    """
        .formatted(bind, listener, more);
  }

  private static String hash(BalancerProcess balancer) {
    return balancer.metrics().keySet().stream()
        .filter(key -> key.startsWith("impala_balancer_config_info"))
        .findFirst()
        .orElseThrow()
        .replaceFirst(".*hash=\"([^\"]*)\".*", "$1");
  }

  private static int syncCheck(BalancerProcess... balancers) {
    List<String> arguments = new ArrayList<>(List.of("ctl", "sync-check"));
    for (BalancerProcess balancer : balancers) {
      arguments.add(balancer.url(""));
    }
    return BalancerProcess.program(arguments).status();
  }
}
