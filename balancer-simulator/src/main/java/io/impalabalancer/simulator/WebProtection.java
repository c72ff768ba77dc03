package io.impalabalancer.simulator;

import java.nio.file.Path;

/** Who may read the web pages. {@code /counts} and {@code /orders/} are open to all. */
public sealed interface WebProtection {
  /** Everybody. */
  record None() implements WebProtection {}

  /** Who has the password, by Basic ({@code --webserver_require_ldap}). */
  record Basic(String user, String password) implements WebProtection {}

  /** Who has the password, by Digest ({@code --webserver_password_file}). */
  record Digest(String user, String password) implements WebProtection {}

  /**
   * Who has a Kerberos ticket, by SPNEGO ({@code --webserver_require_spnego}).
   *
   * @param principal the web port's own, such as {@code HTTP/localhost@EXAMPLE.COM}
   * @param keytab its key
   */
  record Spnego(String principal, Path keytab) implements WebProtection {}
}
