package io.impalabalancer.core;

import io.impalabalancer.config.AdminState;
import io.impalabalancer.config.CoordinatorConfig;
import io.impalabalancer.config.MemberConfig;
import io.impalabalancer.config.PoolConfig;
import io.impalabalancer.config.Protocol;
import io.netty.util.concurrent.MockTicker;
import io.netty.util.concurrent.Ticker;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** A pool of coordinators named c1, c2 ... that are all usable, without a balancer around it. */
final class TestPool implements Coordinator.Observer {
  static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

  private final MockTicker ticker = Ticker.newMockTicker();

  /** What choices draw. */
  LongSupplier random = () -> ThreadLocalRandom.current().nextLong();

  final Pool pool;

  private TestPool(int maxconn, List<MemberConfig> members) {
    this(maxconn, members, true);
  }

  private TestPool(int maxconn, List<MemberConfig> members, boolean resolved) {
    List<Member> made = new ArrayList<>();
    for (MemberConfig member : members) {
      Coordinator coordinator = coordinator(member.coordinator(), maxconn, ticker, this);
      coordinator.setStatus(Coordinator.Status.UP, "test");
      if (resolved) {
        coordinator.resolved(LOOPBACK);
      }
      made.add(new Member(coordinator, "p", member));
    }
    pool = new Pool(new PoolConfig("p", members), made);
  }

  /** Makes one of members with these weights and no limit. */
  static TestPool of(int... weights) {
    return limited(0, weights);
  }

  /** Makes one of a single member that is UP and whose host is being looked up. */
  static TestPool lookingUp() {
    return new TestPool(0, List.of(new MemberConfig("c1", 100, false)), false);
  }

  /** Makes one of members with these weights; each coordinator has a limit, 0 for none. */
  static TestPool limited(int maxconn, int... weights) {
    List<MemberConfig> members = new ArrayList<>();
    for (int weight : weights) {
      members.add(new MemberConfig("c" + (members.size() + 1), weight, false));
    }
    return new TestPool(maxconn, members);
  }

  /** Makes one of these members; each coordinator has a limit, 0 for none. */
  static TestPool members(int maxconn, MemberConfig... members) {
    return new TestPool(maxconn, List.of(members));
  }

  /** Makes one of 1 to {@code most} members with random weights. */
  static TestPool random(Random random, int maxconn, int most) {
    return limited(maxconn, random.ints(1 + random.nextInt(most), 1, 257).toArray());
  }

  /** Makes a coordinator that offers {@code tcp} and HiveServer2, CHECKING and not resolved. */
  static Coordinator coordinator(
      String host, int maxconn, Ticker ticker, Coordinator.Observer observer) {
    Map<Protocol, Integer> ports = Map.of(Protocol.TCP, 1, Protocol.HIVESERVER2, 21050);
    return new Coordinator(
        new CoordinatorConfig(
            host, host, ports, OptionalInt.empty(), 100, maxconn, AdminState.READY),
        ticker,
        observer);
  }

  Coordinator coordinator(int index) {
    return pool.members().get(index).coordinator();
  }

  Serving serving() {
    return pool.serving(Protocol.TCP);
  }

  /** Returns the names of those who serve. */
  List<String> servingNames() {
    Serving now = serving();
    return IntStream.range(0, now.size()).mapToObj(i -> now.member(i).toString()).toList();
  }

  /** Chooses without taking a slot, for a client with this hash. */
  @Nullable Coordinator choose(Balance balance, long source, Coordinator... tried) {
    Member member = balance.choose(serving(), choice(source, random, tried));
    return member == null ? null : member.coordinator();
  }

  /** Chooses and takes a slot. */
  Assignment assign(Balance balance, Coordinator... tried) {
    return pool.assign(Protocol.TCP, balance, choice(0, random, tried));
  }

  /** Returns the names of the next choices, after each of which the slot is given back. */
  String order(Balance balance, int count) {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Coordinator chosen = assign(balance).chosen().coordinator();
      names.add(chosen.name());
      chosen.giveBack(Protocol.TCP);
    }
    return String.join(" ", names);
  }

  /** Returns the choice of a client with this hash that has tried some coordinators. */
  static Choice choice(long source, Coordinator... tried) {
    return choice(source, () -> ThreadLocalRandom.current().nextLong(), tried);
  }

  private static Choice choice(long source, LongSupplier random, Coordinator... tried) {
    Set<Coordinator> set = Set.of(tried);
    return new Choice() {
      @Override
      public Protocol protocol() {
        return Protocol.TCP;
      }

      @Override
      public long sourceHash() {
        return source;
      }

      @Override
      public boolean tried(Coordinator coordinator) {
        return set.contains(coordinator);
      }

      @Override
      public long random() {
        return random.getAsLong();
      }
    };
  }

  @Override
  public void stateChanged(CoordinatorEvent event) {
    choiceChanged(event.coordinator());
  }

  @Override
  @SuppressWarnings("NullAway") // null while the members are being made
  public void choiceChanged(Coordinator coordinator) {
    if (pool != null) {
      pool.refresh();
    }
  }
}
