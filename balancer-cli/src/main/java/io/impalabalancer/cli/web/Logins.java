package io.impalabalancer.cli.web;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.impalabalancer.config.StatsConfig;
import io.impalabalancer.config.UserConfig;
import io.netty.channel.EventLoop;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who logs in, by HTTP's basic login. On the admin loop, but for {@link #replace}; hashes are
 * worked out elsewhere, one try of an address at a time.
 *
 * <p>A login that was right is known for {@code login-cache}; an address that failed has to wait,
 * twice as long after each failure. A user that does not exist takes as long as one that does. No
 * password is kept or logged, and no name that is not configured: people type passwords there.
 */
final class Logins {
  private static final Logger LOG = LoggerFactory.getLogger(Logins.class);

  /** Addresses that are remembered to have failed; the one that was longest quiet is forgotten. */
  private static final int MOST_ADDRESSES = 10_000;

  private static final int MOST_DOUBLINGS = 6;
  private static final int LONGEST_PASSWORD = 256;
  private static final String SCHEME = "basic ";

  /** What came of it. */
  sealed interface Answer {
    /** There was no login. */
    record Nobody() implements Answer {}

    /** It is that user. */
    record Granted(UserConfig user) implements Answer {}

    /** Name or password is wrong. */
    record Wrong() implements Answer {}

    /** The address has to wait before it tries again. */
    record TooSoon(long seconds) implements Answer {}

    /** Too many addresses log in at the same time. */
    record Busy() implements Answer {}
  }

  /** The users of one configuration, and whose password is known. */
  private record Users(
      Map<String, UserConfig> byName,
      String anyHash,
      long cacheNanos,
      long delayNanos,
      Map<String, Known> known) {

    static Users of(StatsConfig config) {
      Map<String, UserConfig> byName = new HashMap<>();
      config.users().forEach(user -> byName.put(user.name(), user));
      return new Users(
          byName,
          config.users().isEmpty() ? "" : config.users().get(0).passwordHash(),
          config.loginCache().toNanos(),
          config.failedLoginDelay().toNanos(),
          new HashMap<>());
    }
  }

  private record Known(String digest, long untilNanos) {}

  /** What an address has tried. */
  private static final class Tries {
    int failures;
    long notBeforeNanos;

    /** Of the try whose hash is being worked out, null if there is none. */
    @Nullable String digest;

    final List<Consumer<Answer>> waiting = new ArrayList<>();
  }

  private final EventLoop loop;
  private final Executor worker;
  private final LongSupplier clock;
  private byte @Nullable [] salt;
  private final Map<InetAddress, Tries> tries = new LinkedHashMap<>();
  private volatile Users users;

  /**
   * Makes one.
   *
   * @param worker works hashes out; refuses when too many wait
   * @param clock in nanoseconds
   */
  Logins(StatsConfig config, EventLoop loop, Executor worker, LongSupplier clock) {
    this.loop = loop;
    this.worker = worker;
    this.clock = clock;
    users = Users.of(config);
  }

  /** Takes other users; whoever is logged in has to prove it anew. Any thread. */
  void replace(StatsConfig config) {
    users = Users.of(config);
  }

  /**
   * Finds out who it is.
   *
   * @param authorization the header, null if there is none
   * @param answer is called on the loop, at once if no hash has to be worked out
   */
  void login(@Nullable String authorization, InetAddress address, Consumer<Answer> answer) {
    assert loop.inEventLoop();
    Users now = users;
    byte[] login = now.byName.isEmpty() ? null : decode(authorization);
    if (login == null) {
      answer.accept(new Answer.Nobody());
      return;
    }
    int colon = indexOfColon(login);
    String name = new String(login, 0, Math.max(0, colon), UTF_8);
    String digest = digest(login);
    Known known = now.known.get(name);
    UserConfig user = now.byName.get(name);
    if (known != null
        && user != null
        && known.digest.equals(digest)
        && now() - known.untilNanos < 0) {
      answer.accept(new Answer.Granted(user));
      return;
    }
    Tries of = tries.computeIfAbsent(network(address), each -> new Tries());
    if (of.digest != null) {
      if (of.digest.equals(digest)) {
        of.waiting.add(answer);
      } else {
        answer.accept(new Answer.TooSoon(1));
      }
      return;
    }
    long left = of.notBeforeNanos - now();
    if (of.failures > 0 && left > 0) {
      answer.accept(new Answer.TooSoon(1 + TimeUnit.NANOSECONDS.toSeconds(left)));
      return;
    }
    byte[] password = Arrays.copyOfRange(login, colon + 1, login.length);
    boolean possible = user != null && colon >= 0 && password.length <= LONGEST_PASSWORD;
    byte[] tried = possible ? password : new byte[0];
    String hash = user == null ? now.anyHash : user.passwordHash();
    of.digest = digest;
    of.waiting.add(answer);
    try {
      worker.execute(() -> {
        boolean right = PasswordHash.matches(tried, hash) && possible;
        loop.execute(() -> worked(now, address, user, right));
      });
    } catch (RejectedExecutionException full) {
      answer(address, of, new Answer.Busy());
    }
  }

  /** A hash was worked out. */
  private void worked(Users asked, InetAddress address, @Nullable UserConfig user, boolean right) {
    Tries of = tries.get(network(address));
    if (of == null || of.digest == null) {
      return;
    }
    if (right && user != null) {
      if (asked.cacheNanos > 0) {
        asked.known.put(user.name(), new Known(of.digest, now() + asked.cacheNanos));
      }
      of.failures = 0;
      answer(address, of, new Answer.Granted(user));
      return;
    }
    of.failures++;
    of.notBeforeNanos = now() + (asked.delayNanos << Math.min(MOST_DOUBLINGS, of.failures - 1));
    LOG.warn(
        "event=login-failed address={} user={} failures={}",
        address.getHostAddress(),
        user == null ? "(unknown)" : user.name(),
        of.failures);
    answer(address, of, new Answer.Wrong());
  }

  private void answer(InetAddress address, Tries of, Answer answer) {
    List<Consumer<Answer>> waiting = List.copyOf(of.waiting);
    of.waiting.clear();
    of.digest = null;
    InetAddress network = network(address);
    tries.remove(network);
    if (of.failures > 0) {
      // Those that failed last stand last.
      tries.put(network, of);
      forgetTheQuiet();
    }
    waiting.forEach(each -> each.accept(answer));
  }

  private void forgetTheQuiet() {
    if (tries.size() > MOST_ADDRESSES) {
      tries.values().stream()
          .filter(each -> each.digest == null)
          .findFirst()
          .ifPresent(tries.values()::remove);
    }
  }

  /** Returns what stands for a login here; it tells nobody anything without the salt. */
  private String digest(byte[] login) {
    if (salt == null) {
      salt = new byte[32];
      new SecureRandom().nextBytes(salt);
    }
    try {
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      sha.update(salt);
      return HexFormat.of().formatHex(sha.digest(login));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  /** Returns name, colon and password; null if the header is not a basic login. */
  private static byte @Nullable [] decode(@Nullable String authorization) {
    if (authorization == null
        || !authorization.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
      return null;
    }
    try {
      return Base64.getDecoder().decode(authorization.substring(SCHEME.length()).strip());
    } catch (IllegalArgumentException notBase64) {
      return null;
    }
  }

  private static int indexOfColon(byte[] login) {
    for (int i = 0; i < login.length; i++) {
      if (login[i] == ':') {
        return i;
      }
    }
    return -1;
  }

  /** Returns the address, of IPv6 its /64: whoever has one address there has all of them. */
  private static InetAddress network(InetAddress address) {
    if (address instanceof Inet6Address) {
      byte[] bytes = address.getAddress();
      Arrays.fill(bytes, 8, 16, (byte) 0);
      try {
        return InetAddress.getByAddress(bytes);
      } catch (java.net.UnknownHostException e) {
        throw new IllegalStateException("16 bytes are an address", e);
      }
    }
    return address;
  }

  private long now() {
    return clock.getAsLong();
  }
}
