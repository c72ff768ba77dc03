package io.impalabalancer.core;

import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicLongArray;
import org.jspecify.annotations.Nullable;

/**
 * By the client's address: weighted rendezvous hashing over coordinator names. A function of the
 * configuration and of who serves, so that any number of balancers agree, and a coordinator that is
 * lost moves its own clients only. The client of a full member gets the next in its order.
 *
 * <p>Every member is looked at for a client that is new since others serve, and for one whose own
 * member is full; for the others it is remembered whose they are.
 */
final class SourceHash implements Balance {
  /** Clients are remembered by so many bits of their hash; each bit doubles the 8 bytes for one. */
  private static final int REMEMBERED_BITS = 12;

  private static final long LOW_BITS = (1L << REMEMBERED_BITS) - 1;

  private volatile Owners owners = new Owners(Serving.NOBODY);

  /**
   * Whose clients are, while the same serve. An entry is a client's hash, which where it stands
   * tells the low bits of; in their place is the index of its member, from 1 on.
   */
  private static final class Owners {
    final Serving serving;
    final AtomicLongArray entries = new AtomicLongArray(1 << REMEMBERED_BITS);

    Owners(Serving serving) {
      this.serving = serving;
    }

    int owner(long source) {
      int place = (int) (source & LOW_BITS);
      long entry = entries.get(place);
      int known = (int) (entry & LOW_BITS) - 1;
      if (known >= 0 && (entry ^ source) >>> REMEMBERED_BITS == 0) {
        return known;
      }
      int owner = first(serving, source, null);
      if (owner < LOW_BITS) {
        entries.set(place, (source & ~LOW_BITS) | (owner + 1));
      }
      return owner;
    }
  }

  @Override
  public @Nullable Member choose(Serving serving, Choice choice) {
    if (serving.isEmpty()) {
      return null;
    }
    Owners now = owners;
    if (now.serving != serving) {
      now = new Owners(serving);
      owners = now;
    }
    int owner = now.owner(choice.sourceHash());
    if (!choice.admits(serving.coordinator(owner))) {
      owner = first(serving, choice.sourceHash(), choice);
    }
    return owner < 0 ? null : serving.member(owner);
  }

  /**
   * Returns who is first in a client's order, of those whom {@code admits} admits if it is given.
   */
  private static int first(Serving serving, long source, @Nullable Choice admits) {
    int best = -1;
    double bestScore = Double.NEGATIVE_INFINITY;
    double bestUniform = 0;
    int bestWeight = 0;
    for (int i = 0; i < serving.size(); i++) {
      // Uniform in (0, 1); the logarithm makes the greatest of the scores fall by weight.
      double uniform = ((mix(source ^ serving.nameHash(i)) >>> 11) + 0.5) * 0x1.0p-53;
      int weight = serving.weight(i);
      if (uniform <= bestUniform && weight <= bestWeight) {
        continue;
      }
      double score = weight / -Math.log(uniform);
      // Few get here, so that few coordinators are looked at.
      if (score > bestScore && (admits == null || admits.admits(serving.coordinator(i)))) {
        best = i;
        bestScore = score;
        bestUniform = uniform;
        bestWeight = weight;
      }
    }
    return best;
  }

  @Override
  public String rule(Serving serving, Choice choice) {
    return "the first in the order that belongs to the client's address";
  }

  /** Returns the hash of a coordinator's name. */
  static long hash(String name) {
    return hash(name.getBytes(StandardCharsets.UTF_8), Integer.MAX_VALUE);
  }

  /**
   * Returns the hash of a client address.
   *
   * @param prefix4 leading bits of an IPv4 address that count, 0 to 32
   * @param prefix6 leading bits of an IPv6 address that count, 0 to 128
   */
  static long hash(InetAddress client, int prefix4, int prefix6) {
    byte[] bytes = client.getAddress();
    return hash(bytes, bytes.length == 4 ? prefix4 : prefix6);
  }

  /** FNV-1a over the leading bits, then mixed. */
  private static long hash(byte[] bytes, int bits) {
    long hash = 0xcbf29ce484222325L;
    int left = bits;
    for (byte b : bytes) {
      int masked = left >= 8 ? b : left <= 0 ? 0 : b & (0xff00 >> left);
      hash = (hash ^ (masked & 0xff)) * 0x100000001b3L;
      left -= 8;
    }
    return mix(hash);
  }

  /** The finalizer of MurmurHash3: every bit of the input changes half of the output. */
  private static long mix(long value) {
    long mixed = (value ^ (value >>> 33)) * 0xff51afd7ed558ccdL;
    mixed = (mixed ^ (mixed >>> 33)) * 0xc4ceb9fe1a85ec53L;
    return mixed ^ (mixed >>> 33);
  }
}
