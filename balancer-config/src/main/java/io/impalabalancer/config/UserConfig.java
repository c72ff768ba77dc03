package io.impalabalancer.config;

import java.util.regex.Pattern;

/**
 * Who may log in at the web port.
 *
 * @param passwordHash as crypt(3) writes it: {@code $2a$}, {@code $2b$} or {@code $2y$} of bcrypt,
 *     {@code $5$} or {@code $6$} of SHA-crypt
 */
public record UserConfig(String name, String passwordHash, Role role) {

  /** Costs from 4 to 16: the highest takes some seconds of a core. */
  private static final Pattern BCRYPT =
      Pattern.compile("\\$2[aby]\\$(0[4-9]|1[0-6])\\$[./A-Za-z0-9]{53}");

  /** Up to 999999 rounds, for the same reason. */
  private static final Pattern SHA_CRYPT =
      Pattern.compile(
          "\\$(5\\$(rounds=[1-9]\\d{3,5}\\$)?[./A-Za-z0-9]{1,16}\\$[./A-Za-z0-9]{43}"
              + "|6\\$(rounds=[1-9]\\d{3,5}\\$)?[./A-Za-z0-9]{1,16}\\$[./A-Za-z0-9]{86})");

  /** Returns whether a text is a hash that a password can be held against. */
  public static boolean isHash(String text) {
    return BCRYPT.matcher(text).matches() || SHA_CRYPT.matcher(text).matches();
  }

  /** What a user may do. */
  public enum Role {
    /** Read everything. */
    VIEWER("viewer"),
    /** Read everything and change states, weights and sessions. */
    ADMIN("admin");

    private final String word;

    Role(String word) {
      this.word = word;
    }

    /** Returns the word that configuration, log and API use. */
    public String word() {
      return word;
    }
  }

  /** Leaves the hash out: it is not for logs. */
  @Override
  public String toString() {
    return "UserConfig[name=" + name + ", role=" + role + "]";
  }
}
