package io.impalabalancer.cli.web;

import at.favre.lib.crypto.bcrypt.BCrypt;
import at.favre.lib.crypto.bcrypt.LongPasswordStrategies;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import org.apache.commons.codec.digest.Sha2Crypt;

/**
 * Hashes of passwords, as crypt(3) writes them. Working one out takes a good part of a second of
 * CPU: not for an event loop.
 */
public final class PasswordHash {
  /** What bcrypt looks at. */
  public static final int MAX_BYTES = 72;

  /** Twice the work for one more; 12 is about a fifth of a second. */
  private static final int COST = 12;

  private PasswordHash() {}

  /**
   * Returns a new hash by bcrypt.
   *
   * @param password in UTF-8, at most {@link #MAX_BYTES}
   */
  public static String of(byte[] password) {
    byte[] hash = BCrypt.with(BCrypt.Version.VERSION_2B).hash(COST, password);
    return new String(hash, StandardCharsets.US_ASCII);
  }

  /**
   * Returns whether a password has that hash; bcrypt looks at its first 72 bytes. The comparison
   * takes as long whatever differs.
   */
  static boolean matches(byte[] password, String hash) {
    if (hash.startsWith("$5$")) {
      return same(Sha2Crypt.sha256Crypt(password.clone(), hash), hash);
    }
    if (hash.startsWith("$6$")) {
      return same(Sha2Crypt.sha512Crypt(password.clone(), hash), hash);
    }
    BCrypt.Version version = BCrypt.Version.VERSION_2A;
    return BCrypt.verifyer(version, LongPasswordStrategies.truncate(version))
        .verify(password, hash.getBytes(StandardCharsets.US_ASCII))
        .verified;
  }

  private static boolean same(String one, String other) {
    return MessageDigest.isEqual(
        one.getBytes(StandardCharsets.US_ASCII), other.getBytes(StandardCharsets.US_ASCII));
  }
}
