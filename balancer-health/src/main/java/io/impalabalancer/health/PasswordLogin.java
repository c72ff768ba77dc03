package io.impalabalancer.health;

import io.netty.util.concurrent.Ticker;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * HTTP's logins with user and password: basic (RFC 7617), and digest (RFC 7616) with MD5 or
 * SHA-256. The password is read from its file at the first login and after each that was refused.
 * One that was refused is not sent to that host again for a while, unless its file has another: a
 * directory locks the account of who comes with a wrong one each second.
 */
final class PasswordLogin implements WebLogin {
  private static final Pattern PARAMETER =
      Pattern.compile("(\\w+)\\s*=\\s*(?:\"((?:[^\"\\\\]|\\\\.)*)\"|([^\\s,\"]+))");
  private static final String DIGEST = "digest ";
  private static final int CNONCE_BYTES = 12;
  private static final long AGAIN_NANOS = TimeUnit.MINUTES.toNanos(10);

  /** A password that a host refused, and when. */
  record Refused(String password, long atNanos) {}

  private final boolean digest;
  private final String user;
  private final Path passwordFile;
  private final String host;
  private final Map<String, Refused> refusals;
  private final Ticker ticker;
  private final SecureRandom random = new SecureRandom();
  private @Nullable String password;

  /** Of the last digest challenge; empty before the first. */
  private Map<String, String> challenge = Map.of();

  private int uses;

  /**
   * Makes one that has not logged in.
   *
   * @param digest whether a digest is sent, and not the password
   * @param refusals what each host refused last; any thread
   */
  PasswordLogin(
      boolean digest,
      String user,
      Path passwordFile,
      String host,
      Map<String, Refused> refusals,
      Ticker ticker) {
    this.digest = digest;
    this.user = user;
    this.passwordFile = passwordFile;
    this.host = host;
    this.refusals = refusals;
    this.ticker = ticker;
  }

  @Override
  public @Nullable String inAdvance(String path) {
    String known = password;
    if (known == null) {
      return null;
    }
    return digest ? challenge.isEmpty() ? null : digest(known, path) : basic(known);
  }

  @Override
  public void answer(String path, List<String> challenges, Consumer<Answer> done) {
    String scheme = digest ? DIGEST : "basic";
    String offered =
        challenges.stream()
            .filter(c -> c.toLowerCase(Locale.ROOT).startsWith(scheme))
            .findFirst()
            .orElse(null);
    if (offered == null) {
      done.accept(
          new Answer(null, "it wants a login by " + challenges + ", not by " + scheme.strip()));
      return;
    }
    String read;
    try {
      read = read(passwordFile);
    } catch (IOException e) {
      done.accept(new Answer(null, String.valueOf(e.getMessage())));
      return;
    }
    Refused last = refusals.get(host);
    if (last != null
        && last.password.equals(read)
        && ticker.nanoTime() - last.atNanos < AGAIN_NANOS) {
      done.accept(new Answer(null, "the login was refused, and password-file is as it was"));
      return;
    }
    password = read;
    if (!digest) {
      done.accept(new Answer(basic(read), ""));
      return;
    }
    challenge = parameters(offered.substring(DIGEST.length()));
    uses = 0;
    String algorithm = challenge.getOrDefault("algorithm", "MD5");
    if (!algorithm.equalsIgnoreCase("MD5") && !algorithm.equalsIgnoreCase("SHA-256")) {
      challenge = Map.of();
      done.accept(new Answer(null, "it wants a digest by " + algorithm + ", not MD5 or SHA-256"));
      return;
    }
    done.accept(new Answer(digest(read, path), ""));
  }

  @Override
  public void refused() {
    if (password != null) {
      refusals.put(host, new Refused(password, ticker.nanoTime()));
    }
    password = null;
  }

  /** Reads a password, without the end of its line. */
  static String read(Path file) throws IOException {
    try {
      return Files.readString(file).replaceFirst("\\R\\z", "");
    } catch (IOException e) {
      throw new IOException("password-file cannot be read: " + e, e);
    }
  }

  private String basic(String known) {
    byte[] pair = (user + ":" + known).getBytes(StandardCharsets.UTF_8);
    return "Basic " + Base64.getEncoder().encodeToString(pair);
  }

  private static Map<String, String> parameters(String text) {
    Map<String, String> parameters = new HashMap<>();
    Matcher each = PARAMETER.matcher(text);
    while (each.find()) {
      String value = each.group(2) == null ? each.group(3) : each.group(2);
      parameters.put(each.group(1).toLowerCase(Locale.ROOT), value);
    }
    return parameters;
  }

  private String digest(String known, String path) {
    String realm = challenge.getOrDefault("realm", "");
    String nonce = challenge.getOrDefault("nonce", "");
    String algorithm = challenge.getOrDefault("algorithm", "MD5");
    String who = hash(algorithm, user + ":" + realm + ":" + known);
    String what = hash(algorithm, "GET:" + path);
    StringBuilder header =
        new StringBuilder(
            "Digest username=\"%s\", realm=\"%s\", nonce=\"%s\", uri=\"%s\""
                .formatted(user, realm, nonce, path));
    String response;
    if (challenge.getOrDefault("qop", "").contains("auth")) {
      byte[] bytes = new byte[CNONCE_BYTES];
      random.nextBytes(bytes);
      String cnonce = HexFormat.of().formatHex(bytes);
      String count = "%08x".formatted(++uses);
      response = hash(algorithm, String.join(":", who, nonce, count, cnonce, "auth", what));
      header.append(", qop=auth, nc=").append(count).append(", cnonce=\"").append(cnonce);
      header.append('"');
    } else {
      response = hash(algorithm, String.join(":", who, nonce, what));
    }
    header.append(", response=\"").append(response).append('"');
    if (challenge.containsKey("algorithm")) {
      header.append(", algorithm=").append(algorithm);
    }
    if (challenge.containsKey("opaque")) {
      header.append(", opaque=\"").append(challenge.get("opaque")).append('"');
    }
    return header.toString();
  }

  private static String hash(String algorithm, String text) {
    try {
      MessageDigest made = MessageDigest.getInstance(algorithm.toUpperCase(Locale.ROOT));
      return HexFormat.of().formatHex(made.digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has it", e);
    }
  }
}
