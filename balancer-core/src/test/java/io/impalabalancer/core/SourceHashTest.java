package io.impalabalancer.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.impalabalancer.config.MemberConfig;
import io.impalabalancer.config.Protocol;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** By the client's address: rendezvous hashing. */
class SourceHashTest {
  private final Balance balance = new SourceHash();

  /** Balancers of different versions stand side by side: what they choose must never change. */
  @Test
  void theChoicesAreTheSameInEveryVersion() {
    TestPool pool =
        TestPool.members(
            0,
            new MemberConfig("impala-1", 100, false),
            new MemberConfig("impala-2", 100, false),
            new MemberConfig("impala-3", 50, false),
            new MemberConfig("impala-4", 200, false));
    StringBuilder four = new StringBuilder();
    StringBuilder six = new StringBuilder();
    for (int i = 0; i < 60; i++) {
      four.append(chosen(pool, hash("10.1.0." + i, 32)).substring("impala-".length()));
      six.append(
          chosen(pool, hash("2001:db8::" + Integer.toHexString(i), 128))
              .substring("impala-".length()));
    }
    assertThat(four).hasToString("444444441144324412143432443413444424242314422424444313141221");
    assertThat(six).hasToString("112142124132221431444413221414424433424144411114431443431441");
  }

  @Test
  void theHashesAreTheSameInEveryVersion() {
    assertThat(hash("10.1.2.3", 32)).isEqualTo(0xb8b387fa0a1cd4e9L);
    assertThat(hash("10.1.2.3", 21)).isEqualTo(0xf6367f6565f5bd9aL);
    assertThat(hash("2001:db8::1", 128)).isEqualTo(0x8dec2b2d0b0e530fL);
    assertThat(hash("2001:db8::1", 63)).isEqualTo(0x5d20b828001d10e2L);
    assertThat(SourceHash.hash("impala-1.example.com")).isEqualTo(0xfd53a3e83ad1ccdbL);
  }

  @Test
  void clientsAreSharedByWeight() {
    Trial.forSeeds(
        10,
        random -> {
          TestPool pool = TestPool.random(random, 0, 10);
          int sum = pool.pool.members().stream().mapToInt(Member::weight).sum();
          Map<String, Integer> counts = new HashMap<>();
          int clients = 20_000;
          int base = random.nextInt();
          for (int i = 0; i < clients; i++) {
            counts.merge(chosen(pool, hash(base + i)), 1, Integer::sum);
          }
          for (Member member : pool.pool.members()) {
            double share = (double) member.weight() / sum;
            double sixSigma = 6 * Math.sqrt(clients * share * (1 - share));
            assertThat(counts.getOrDefault(member.toString(), 0))
                .isBetween(
                    (int) Math.floor(clients * share - sixSigma - 1),
                    (int) Math.ceil(clients * share + sixSigma + 1));
          }
        });
  }

  @Test
  void aLostCoordinatorMovesItsOwnClientsOnlyAndGetsThemBack() {
    Trial.forSeeds(
        20,
        random -> {
          TestPool pool = TestPool.random(random, 0, 10);
          Map<Long, String> before = choices(pool, random);
          Coordinator lost = pool.coordinator(random.nextInt(pool.pool.members().size()));
          lost.setStatus(Coordinator.Status.DOWN, "test");
          if (!pool.serving().isEmpty()) {
            before.forEach((source, was) -> {
              if (was.equals(lost.name())) {
                assertThat(chosen(pool, source)).isNotEqualTo(was);
              } else {
                assertThat(chosen(pool, source)).isEqualTo(was);
              }
            });
          }
          lost.setStatus(Coordinator.Status.UP, "test");
          before.forEach((source, was) -> assertThat(chosen(pool, source)).isEqualTo(was));
        });
  }

  @Test
  void aWeightThatFallsMovesThatShareOfItsOwnClientsOnly() {
    TestPool pool = TestPool.of(100, 100, 100, 100);
    Map<Long, String> before = choices(pool, new Random(1));
    pool.coordinator(0).setSharePercent(50);
    int moved = 0;
    for (Map.Entry<Long, String> each : before.entrySet()) {
      String now = chosen(pool, each.getKey());
      if (!now.equals(each.getValue())) {
        assertThat(each.getValue()).isEqualTo("c1");
        moved++;
      }
    }
    // From a quarter to a seventh.
    double expected = before.size() * (1.0 / 4 - 1.0 / 7);
    assertThat((double) moved).isBetween(0.7 * expected, 1.3 * expected);
  }

  @Test
  void theClientOfAFullOrTriedCoordinatorGetsTheNextInItsOrderAndComesBack() {
    Trial.forSeeds(
        20,
        random -> {
          TestPool pool = TestPool.limited(1, 30, 100, 60, 5);
          for (long source : choices(pool, random).keySet()) {
            Coordinator first = Objects.requireNonNull(pool.choose(balance, source));
            Coordinator next = Objects.requireNonNull(pool.choose(balance, source, first));
            first.take(Protocol.TCP);
            assertThat(pool.choose(balance, source)).isSameAs(next);
            next.take(Protocol.TCP);
            assertThat(pool.choose(balance, source)).isNotIn(first, next).isNotNull();
            next.giveBack(Protocol.TCP);
            first.giveBack(Protocol.TCP);
            assertThat(pool.choose(balance, source)).isSameAs(first);
          }
        });
  }

  @Test
  void balancersThatWereBuiltApartAgreeWhateverTheOrderDeclared() {
    Trial.forSeeds(
        20,
        random -> {
          List<MemberConfig> members = new ArrayList<>();
          for (int i = 0; i < 8; i++) {
            members.add(new MemberConfig("impala-" + i, 1 + random.nextInt(256), false));
          }
          TestPool one = TestPool.members(0, members.toArray(MemberConfig[]::new));
          Collections.shuffle(members, random);
          TestPool other = TestPool.members(5, members.toArray(MemberConfig[]::new));
          choices(one, random)
              .forEach((source, chosen) ->
                  assertThat(other.choose(new SourceHash(), source)).hasToString(chosen));
        });
  }

  @ParameterizedTest
  @CsvSource({
    "10.1.2.3, 10.1.2.200, 24, true",
    "10.1.2.3, 10.1.3.3, 24, false",
    "10.1.2.3, 10.1.3.3, 23, true",
    "10.1.4.3, 10.1.3.3, 21, true",
    "10.1.8.3, 10.1.7.3, 21, false",
    "10.1.2.3, 200.1.2.3, 0, true",
    "10.1.2.3, 138.1.2.3, 1, false",
    "10.1.2.2, 10.1.2.3, 32, false",
    "10.1.2.2, 10.1.2.3, 31, true",
    "2001:db8::1, 2001:db8::ffff:1, 64, true",
    "2001:db8:0:1::1, 2001:db8::1, 64, false",
    "2001:db8:0:1::1, 2001:db8::1, 63, true",
    "2001:db8::1, 2001:db8::2, 128, false",
  })
  void onlyTheLeadingBitsOfAnAddressCount(String one, String other, int prefix, boolean same) {
    assertThat(hash(one, prefix) == hash(other, prefix)).isEqualTo(same);
  }

  @Test
  void eachFamilyHasItsOwnPrefix() throws UnknownHostException {
    InetAddress four = InetAddress.getByName("10.1.2.3");
    InetAddress six = InetAddress.getByName("2001:db8::1");
    assertThat(SourceHash.hash(four, 24, 128)).isEqualTo(hash("10.1.2.99", 24));
    assertThat(SourceHash.hash(six, 0, 64)).isEqualTo(hash("2001:db8::99", 64));
  }

  /** Returns random clients with what is chosen for each. */
  private Map<Long, String> choices(TestPool pool, Random random) {
    Map<Long, String> choices = new HashMap<>();
    random.longs(2_000).forEach(source -> choices.put(source, chosen(pool, source)));
    return choices;
  }

  private String chosen(TestPool pool, long source) {
    return Objects.requireNonNull(pool.choose(balance, source)).name();
  }

  private static long hash(String address, int prefix) {
    try {
      return SourceHash.hash(InetAddress.getByName(address), prefix, prefix);
    } catch (UnknownHostException e) {
      throw new AssertionError(e);
    }
  }

  private static long hash(int address) {
    return hash(
        String.format(
            "%d.%d.%d.%d",
            address >>> 24, address >>> 16 & 0xff, address >>> 8 & 0xff, address & 0xff),
        32);
  }
}
