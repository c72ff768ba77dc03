package io.impalabalancer.config;

/**
 * Who may log in at the web port.
 *
 * @param passwordHash as crypt(3) writes it: {@code $2a$}, {@code $2b$} or {@code $2y$} of bcrypt,
 *     {@code $5$} or {@code $6$} of SHA-crypt
 */
public record UserConfig(String name, String passwordHash, Role role) {

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
