package io.impalabalancer.simulator;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * The cookie {@code impala.auth} of one process ({@code be/src/rpc/authentication-util.cc}): signed
 * with a key that no other process has, so that a cookie is of no use on another coordinator or
 * after a restart. Any thread may call.
 */
final class AuthCookie {
  private static final String ALGORITHM = "HmacSHA256";
  private static final long MAX_AGE_SECONDS = TimeUnit.DAYS.toSeconds(1);
  private static final Pattern COOKIE =
      Pattern.compile(
          "(?:^|;)\\s*impala\\.auth=\"?([^&;\"]+)&(u=([^&;]*)&t=(\\d{1,18})&r=\\d+)\"?");

  private final byte[] key = new byte[32];

  AuthCookie() {
    new SecureRandom().nextBytes(key);
  }

  /** The value of {@code Set-Cookie} for a user who has logged in. */
  String make(String user) {
    String value =
        "u=" + user + "&t=" + millis() + "&r=" + ThreadLocalRandom.current().nextInt(1 << 30);
    return String.format(
        "impala.auth=%s&%s;HttpOnly;Max-Age=%d;Secure", sign(value), value, MAX_AGE_SECONDS);
  }

  /** The value of {@code Set-Cookie} for a client whose cookie is of no use. */
  static String delete() {
    return "impala.auth=;HttpOnly;Max-Age=0";
  }

  /** The user of a {@code Cookie} header; null if it has no cookie of ours that is valid. */
  @Nullable String user(String header) {
    Matcher cookie = COOKIE.matcher(header);
    if (!cookie.find()) {
      return null;
    }
    byte[] given = cookie.group(1).getBytes(StandardCharsets.US_ASCII);
    byte[] expected = sign(cookie.group(2)).getBytes(StandardCharsets.US_ASCII);
    boolean young =
        millis() - Long.parseLong(cookie.group(4)) <= TimeUnit.SECONDS.toMillis(MAX_AGE_SECONDS);
    return young && MessageDigest.isEqual(given, expected) ? cookie.group(3) : null;
  }

  private static long millis() {
    return TimeUnit.NANOSECONDS.toMillis(System.nanoTime());
  }

  private String sign(String value) {
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(new SecretKeySpec(key, ALGORITHM));
      return Base64.getUrlEncoder()
          .encodeToString(mac.doFinal(value.getBytes(StandardCharsets.UTF_8)));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }
}
