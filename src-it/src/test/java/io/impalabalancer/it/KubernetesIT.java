package io.impalabalancer.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * What the kubelet does to a pod of the Helm chart, done to the program with the chart's
 * configuration: probes, preStop, SIGTERM. Times are shorter.
 */
@Timeout(120)
class KubernetesIT {
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final Path CHART = Path.of("..", "conf", "helm", "impala-balancer");
  private static final Duration DELAY = Duration.ofSeconds(2);
  private static final Duration GRACE = Duration.ofSeconds(3);

  private static final String SERVICE = "impala-coordinator.default.svc.test";

  /** What terminationGracePeriodSeconds adds to the times of the program. */
  private static final Duration MARGIN = Duration.ofSeconds(15);

  private final int jdbc = FreePort.next();
  private final int http = FreePort.next();

  @Test
  void aPodIsNotReadyBeforeItRefusesClientsAndEndsBeforeItIsKilled() throws Exception {
    assertThat(Files.readString(CHART.resolve("templates/deployment.yaml")))
        .contains(
            "terminationGracePeriodSeconds: {{ add .Values.preStopSeconds"
                + " .Values.shutdownDelaySeconds .Values.shutdownGraceSeconds 15 }}",
            "readinessProbe:\n            httpGet: { path: /readyz, port: stats }");
    try (EchoServer first = new EchoServer();
        EchoServer second = new EchoServer();
        NameServer names = new NameServer()) {
      // One host by two names, for two pods behind the headless service.
      names.answer(
          List.of(
              "srv-host=_hs2._tcp.%s,localhost,%d".formatted(SERVICE, first.port()),
              "srv-host=_http._tcp.%s,localhost,%d".formatted(SERVICE, first.port2()),
              "srv-host=_hs2._tcp.%s,127.0.0.1,%d".formatted(SERVICE, second.port()),
              "srv-host=_http._tcp.%s,127.0.0.1,%d".formatted(SERVICE, second.port2())));
      assertEndOfAPod(configuration(names.port()));
    }
  }

  private void assertEndOfAPod(String configuration) throws Exception {
    try (BalancerProcess pod = BalancerProcess.start(configuration)) {
      await().atMost(SOON).until(() -> pod.get("/readyz").statusCode() == 200);
      Socket session = new Socket(InetAddress.getLoopbackAddress(), jdbc);
      exchange(session);

      // preStop sleeps: the cluster takes the pod out of its endpoints, and nothing changes here.
      exchangeOnce(jdbc);
      exchangeOnce(http);

      long ordered = System.nanoTime();
      pod.signal("TERM");
      await().atMost(SOON).until(() -> pod.get("/readyz").statusCode() == 503);
      // Whoever comes before the cluster has noticed is still served.
      exchangeOnce(jdbc);
      await()
          .atMost(SOON)
          .untilAsserted(() ->
              assertThatThrownBy(() -> exchangeOnce(jdbc)).isInstanceOf(ConnectException.class));
      assertThat(since(ordered)).isGreaterThanOrEqualTo(DELAY);
      exchange(session);
      assertThat(session.getInputStream().read()).as("after its grace").isEqualTo(-1);
      session.close();
      assertThat(pod.process().awaitExit(SOON)).isZero();
      assertThat(since(ordered))
          .isGreaterThanOrEqualTo(DELAY.plus(GRACE))
          .isLessThan(DELAY.plus(GRACE).plus(MARGIN));
    }
  }

  private static Duration since(long nanos) {
    return Duration.ofNanos(System.nanoTime() - nanos);
  }

  /** Returns the text of the chart's ConfigMap, for coordinators and ports of this machine. */
  private String configuration(int dns) throws IOException {
    String values = Files.readString(CHART.resolve("values.yaml"));
    Matcher config = Pattern.compile("(?m)^config: \\|\n((?: {2}.*\n|\n)+)").matcher(values);
    assertThat(config.find()).isTrue();
    String template = Files.readString(CHART.resolve("templates/configmap.yaml"));
    String head = "{{- .Values.config | nindent 4 }}";
    assertThat(template).contains(head);
    String text = config.group(1) + template.substring(template.indexOf(head) + head.length());
    String discover =
        """

        discover {
          srv { hiveserver2 = "_hs2._tcp.%1$s", hiveserver2-http = "_http._tcp.%1$s" }
          name-servers = ["127.0.0.1:%2$d"]
          interval = 200ms
        }
        """
            .formatted(SERVICE, dns);
    Map<String, String> replaced =
        Map.of(
            "{{- include \"impala-balancer.coordinators\" . | nindent 6 }}",
            discover,
            ":21051",
            ":" + jdbc,
            ":28000",
            ":" + http,
            "{{ .Values.shutdownDelaySeconds }}",
            String.valueOf(DELAY.toSeconds()),
            "{{ .Values.shutdownGraceSeconds }}",
            String.valueOf(GRACE.toSeconds()),
            "{{ .Values.watchSeconds }}",
            "5");
    for (Map.Entry<String, String> each : replaced.entrySet()) {
      assertThat(text).contains(each.getKey());
      text = text.replace(each.getKey(), each.getValue());
    }
    return text + "\nimpala-balancer.coordinator-defaults.ports { beeswax = none, web = none }\n";
  }

  private static void exchange(Socket client) throws IOException {
    client.setSoTimeout((int) SOON.toMillis());
    client.getOutputStream().write('?');
    assertThat(client.getInputStream().read()).isEqualTo('?');
  }

  private static void exchangeOnce(int port) throws IOException {
    try (Socket client = new Socket(InetAddress.getLoopbackAddress(), port)) {
      exchange(client);
    }
  }
}
