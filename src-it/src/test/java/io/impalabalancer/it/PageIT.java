package io.impalabalancer.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The stats page in a real browser: what it shows, and what its buttons do. */
class PageIT {
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final String ROW = "tr[data-key=impala-1] ";

  /** Of "secret". */
  private static final String HASH = "$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW";

  @RegisterExtension private final Opened opened = new Opened();
  private final int port = FreePort.next();
  private Browser browser;
  private BalancerProcess balancer;
  private ServerSocket coordinator;

  @BeforeEach
  void start() throws Exception {
    browser = opened.keep(Browser.start(1500, 1100));
    coordinator = opened.keep(new ServerSocket(0, 50, InetAddress.getLoopbackAddress()));
    balancer =
        opened.keep(
            BalancerProcess.start(
                """
                impala-balancer {
                  coordinator-defaults.ports { beeswax = none, hiveserver2-http = none, web = none }
                  coordinators = [
                    { name = impala-1, host = 127.0.0.1, ports.hiveserver2 = %d }
                    { name = impala-coordinator-2.dwh.example.com, host = 127.0.0.1, ports.hiveserver2 = 1 }
                  ]
                  listeners = [{ name = jdbc, bind = "127.0.0.1:%d", protocol = hiveserver2 }]
                  check.type = none
                  stats { open = true, users = [
                    { name = ops, role = admin, password = "%3$s" }
                    { name = guest, role = viewer, password = "%3$s" }
                  ] }
                }
                """
                    .formatted(coordinator.getLocalPort(), port, HASH)));
  }

  private String text(String selector) throws Exception {
    return browser.evaluate(
        "document.querySelector(" + Browser.quoted(selector) + ")?.innerText ?? ''");
  }

  private static void eventually(Callable<String> actual, String part) {
    await().atMost(SOON).untilAsserted(() -> assertThat(actual.call()).contains(part));
  }

  private void openAs(String user) throws Exception {
    browser.login(user, "secret");
    browser.open(balancer.url("/"));
    eventually(() -> text("#live"), "live");
    eventually(() -> text(ROW), "UP");
  }

  private Socket session() throws IOException {
    Socket client = opened.keep(new Socket(InetAddress.getLoopbackAddress(), port));
    client.setSoTimeout((int) SOON.toMillis());
    client.getOutputStream().write('q');
    Socket accepted = opened.keep(coordinator.accept());
    accepted.getOutputStream().write('a');
    assertThat(client.getInputStream().read()).isEqualTo('a');
    return client;
  }

  @Test
  void anAdminClicksDrainAndSeesTheStateChange() throws Exception {
    openAs("ops");
    assertThat(text(ROW)).contains("READY").doesNotContain("DRAIN");
    browser.click(ROW + "button[data-state=drain]");
    eventually(() -> text(ROW), "DRAIN");
    eventually(() -> text("#event-rows"), "READY → DRAIN");
    assertThat(text("#event-rows")).contains("ops, web port");
    assertThat(balancer.get("/api/v1/coordinators/impala-1").body())
        .contains("\"admin\":{\"value\":\"drain\",\"reason\":\"ops, web port\"");
  }

  @Test
  void theKeyboardIsEnough() throws Exception {
    openAs("ops");
    browser.evaluate("document.querySelector('" + ROW + "button[data-state=maint]').focus()");
    browser.press("Enter", 13, "\r");
    eventually(() -> text(ROW), "MAINT");
    browser.evaluate("document.querySelector('" + ROW + "input').select()");
    browser.press("7", 55, "7");
    browser.press("Enter", 13, "\r");
    eventually(() -> text("#event-rows"), "all: 100 → 7");
  }

  @Test
  void cuttingASessionIsAskedForFirst() throws Exception {
    Socket client = session();
    openAs("ops");
    eventually(() -> text("#session-rows"), "127.0.0.1:" + client.getLocalPort());
    browser.click("#session-rows button");
    eventually(() -> text("#confirm"), "Its query fails.");
    browser.click("#confirm button[value=no]");
    eventually(() -> browser.evaluate("String(document.querySelector('#confirm').open)"), "false");
    client.getOutputStream().write('q');
    browser.click("#session-rows button");
    eventually(() -> text("#confirm"), "Its query fails.");
    browser.click("#confirm-yes");
    assertThat(client.getInputStream().read()).isEqualTo(-1);
    eventually(() -> text("#session-rows"), "There are no sessions.");
  }

  @Test
  void everyButtonOfACoordinatorIsOnTheScreenOfALaptopAndOfAPhone() throws Exception {
    openAs("ops");
    for (int width : new int[] {1280, 390}) {
      browser.resize(width, 800);
      await()
          .atMost(SOON)
          .untilAsserted(() ->
              assertThat(
                      browser.evaluate(
                          "String([document.documentElement.scrollWidth, ...[...document"
                              + ".querySelectorAll('#coordinator-rows button')].map(e =>"
                              + " Math.ceil(e.getBoundingClientRect().right))].filter(right =>"
                              + " right > "
                              + width
                              + "))"))
                  .as("what ends beyond " + width)
                  .isEmpty());
    }
  }

  @Test
  void aViewerSeesEverythingAndHasNoButtons() throws Exception {
    session();
    openAs("guest");
    eventually(() -> text("#session-rows"), "impala-1");
    assertThat(text("header")).contains("guest (viewer)");
    assertThat(
            browser.evaluate(
                "String([...document.querySelectorAll('button, input[type=number]')]"
                    + ".filter(e => e.checkVisibility()).map(e => e.textContent))"))
        .isEqualTo("Previous,Next");
  }

  @Test
  void aSparklineSurvivesARefreshAndNothingComesFromElsewhere() throws Exception {
    session();
    openAs("ops");
    String points =
        "String(document.querySelector('" + ROW + ".spark .line').getAttribute('d').length)";
    await()
        .atMost(SOON)
        .untilAsserted(
            () -> assertThat(Integer.parseInt(browser.evaluate(points))).isGreaterThan(20));
    browser.open(balancer.url("/"));
    eventually(() -> text("#live"), "live");
    await()
        .atMost(Duration.ofSeconds(4))
        .untilAsserted(
            () -> assertThat(Integer.parseInt(browser.evaluate(points))).isGreaterThan(20));
    assertThat(
            browser.evaluate(
                "String(performance.getEntriesByType('resource')"
                    + ".filter(e => !e.name.startsWith(location.origin)).length)"))
        .isEqualTo("0");
  }
}
