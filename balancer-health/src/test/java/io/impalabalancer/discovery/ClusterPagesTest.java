package io.impalabalancer.discovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.impalabalancer.config.BalancerConfig;
import io.impalabalancer.config.ConfigLoader;
import io.impalabalancer.config.CoordinatorConfig;
import io.impalabalancer.config.Protocol;
import io.impalabalancer.health.WebPages;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What the pages of a cluster say, asked over HTTP. */
class ClusterPagesTest {
  private final MultiThreadIoEventLoopGroup loop =
      new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
  private final List<FakeImpalad> started = new ArrayList<>();

  @AfterEach
  void stop() {
    started.forEach(FakeImpalad::close);
    loop.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
  }

  private FakeImpalad impalad() throws IOException {
    FakeImpalad impalad = new FakeImpalad();
    started.add(impalad);
    return impalad;
  }

  private ClusterPages pages(int most, FakeImpalad... seeds) throws Exception {
    BalancerConfig config =
        ConfigLoader.parse(
                "test.conf",
                """
                impala-balancer {
                  discover { most = %d, timeout = 5s, seeds = [%s] }
                  listeners = [{ name = l, bind = "127.0.0.1:0", protocol = hiveserver2 }]
                }
                """
                    .formatted(
                        most,
                        Stream.of(seeds)
                            .map(seed -> "\"" + seed.web() + "\"")
                            .collect(Collectors.joining(","))))
            .config();
    return new ClusterPages(
        config.discover(), new WebPages(loop.next(), () -> config.check().web()));
  }

  private static List<String> names(Source.Answer answer) {
    return answer.coordinators().stream().map(Found::name).toList();
  }

  private static String name(FakeImpalad impalad) {
    return impalad.host + ":" + impalad.port();
  }

  @Test
  void aCoordinatorThatIsListedTellsItsPortsAndIsAskedForThemOnceInALife() throws Exception {
    FakeImpalad one = impalad();
    FakeImpalad two = impalad();
    two.hiveserver2 = 21055;
    one.list(one, two);
    ClusterPages pages = pages(9, one);
    Source.Answer answer = pages.ask(List.of());
    assertThat(names(answer)).containsExactly(name(one), name(two));
    CoordinatorConfig found = answer.coordinators().get(1).coordinator();
    assertThat(found.host()).isEqualTo("127.0.0.1");
    assertThat(found.ports())
        .isEqualTo(Map.of(Protocol.HIVESERVER2, 21055, Protocol.HIVESERVER2_HTTP, 21056));
    assertThat(found.webPort()).isEqualTo(OptionalInt.of(two.port()));
    assertThat(answer.coordinators().get(1).source()).isEqualTo(one.web().toString());
    pages.ask(List.of());
    assertThat(two.asked).containsExactly("/varz");
    two.process = "2";
    two.hiveserver2 = 21060;
    assertThat(pages.ask(List.of()).coordinators().get(1).coordinator().ports())
        .containsEntry(Protocol.HIVESERVER2, 21060);
  }

  @Test
  void executorsAreNobody() throws Exception {
    FakeImpalad one = impalad();
    FakeImpalad executor = impalad();
    FakeImpalad liar = impalad();
    executor.coordinator = false;
    liar.flags =
        "{\"flags\":[{\"name\":\"is_coordinator\",\"current\":\"false\"},"
            + "{\"name\":\"hs2_port\",\"current\":\"21050\"}]}";
    one.list(one, executor, liar);
    Source.Answer answer = pages(9, one).ask(List.of());
    assertThat(names(answer)).containsExactly(name(one));
    assertThat(answer.problems())
        .containsExactly(
            liar.web() + "/varz: --is_coordinator is false, though it is listed as a coordinator");
    assertThat(executor.asked).isEmpty();
  }

  @Test
  void whoWasFoundIsASeedAndTheSeedsMayDie() throws Exception {
    FakeImpalad one = impalad();
    FakeImpalad two = impalad();
    FakeImpalad three = impalad();
    Stream.of(one, two, three).forEach(each -> each.list(one, two, three));
    ClusterPages pages = pages(9, one);
    List<Found> known = pages.ask(List.of()).coordinators();
    one.close();
    assertThat(names(pages.ask(known))).hasSize(3);
    two.close();
    FakeImpalad four = impalad();
    three.list(three, four);
    assertThat(names(pages.ask(known))).containsExactly(name(three), name(four));
    three.close();
    four.close();
    assertThatThrownBy(() -> pages.ask(known))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("nobody answered")
        .hasMessageContaining(one.web().toString())
        .hasMessageContaining(three.web().toString());
  }

  @Test
  void whatOneLeavesOutAnotherMayList() throws Exception {
    FakeImpalad one = impalad();
    FakeImpalad two = impalad();
    two.list(one, two);
    assertThat(names(pages(9, one, two).ask(List.of())))
        .containsExactlyInAnyOrder(name(one), name(two));
  }

  @Test
  void whoIsListedTwiceIsOneAndWhoSaysItIsAnotherIsNobody() throws Exception {
    FakeImpalad one = impalad();
    FakeImpalad same = impalad();
    same.hiveserver2 = one.hiveserver2;
    one.list(one, one, same, one);
    Source.Answer answer = pages(9, one).ask(List.of());
    assertThat(names(answer)).containsExactly(name(one));
    assertThat(answer.problems())
        .containsExactly(same.web() + " says it is what " + one.web() + " is");
    assertThat(one.asked).containsExactly("/backends", "/varz");
  }

  @Test
  void tooManyAreRefusedAndExecutorsDoNotCount() throws Exception {
    FakeImpalad one = impalad();
    FakeImpalad[] others = new FakeImpalad[3];
    for (int i = 0; i < others.length; i++) {
      others[i] = impalad();
      others[i].coordinator = false;
    }
    one.list(others[0], others[1], others[2], one);
    ClusterPages pages = pages(2, one);
    assertThat(names(pages.ask(List.of()))).containsExactly(name(one));
    others[0].coordinator = true;
    others[1].coordinator = true;
    assertThatThrownBy(() -> pages.ask(List.of()))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("it lists 3 coordinators, expected 2 at most, as discover.most says");
  }

  @Test
  void tenThousandImpaladsAreRefused() throws Exception {
    FakeImpalad one = impalad();
    one.backends =
        Stream.generate(() -> "{\"address\":\"h:1\",\"is_coordinator\":true}")
            .limit(10_000)
            .collect(Collectors.joining(",", "{\"backends\":[", "]}"));
    assertThatThrownBy(() -> pages(9, one).ask(List.of()))
        .hasMessageContaining("it lists 10000 impalads, expected 2000 at most");
  }

  @Test
  void garbageIsNamedAndTheOthersAreHeard() throws Exception {
    FakeImpalad good = impalad();
    FakeImpalad html = impalad();
    FakeImpalad nowhere = impalad();
    html.backends = "<html><body>Impala</body></html>";
    nowhere.backends =
        "{\"backends\":[{\"address\":\"h\",\"webserver_url\":\"x\",\"is_coordinator\":true}]}";
    Source.Answer answer = pages(9, html, nowhere, good).ask(List.of());
    assertThat(names(answer)).containsExactly(name(good));
    assertThat(answer.problems())
        .hasSize(2)
        .anySatisfy(problem -> assertThat(problem).contains("begins with <html>"))
        .anySatisfy(problem -> assertThat(problem).contains("expected host:port and http://"));
    good.flags = "[]";
    good.process = "2";
    List<Found> known = answer.coordinators();
    assertThat(names(pages(9, good).ask(known))).containsExactly(name(good));
    assertThatThrownBy(() -> pages(9, good).ask(List.of()))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("none that is listed can be used");
  }

  @Test
  void anAddressThatNobodyCouldUseIsRefused() throws Exception {
    FakeImpalad one = impalad();
    one.host = "a b";
    assertThatThrownBy(() -> pages(9, one).ask(List.of()))
        .hasMessageContaining("expected letters, digits, _ . : -");
  }
}
