package io.impalabalancer.config;

import java.nio.file.Path;
import java.util.Optional;

/**
 * How {@code impala} checks log in at client ports.
 *
 * @param tlsCa certificates of those who may sign the ports' ones; empty for Java's
 * @param user given with {@link Auth#PLAIN}, may be with {@link Auth#NOSASL}
 * @param passwordFile given with {@link Auth#PLAIN}
 * @param principal and {@code keytab}: given with {@link Auth#KERBEROS}
 * @param service the first part of the coordinators' principals
 */
public record LoginConfig(
    boolean tls,
    Optional<Path> tlsCa,
    Auth auth,
    Optional<String> user,
    Optional<Path> passwordFile,
    Optional<String> principal,
    Optional<Path> keytab,
    String service) {

  /** How to log in. */
  public enum Auth {
    /** Nobody logs in. */
    NONE,
    /** A session without a login. */
    NOSASL,
    /** User and password, by SASL PLAIN. */
    PLAIN,
    /** A Kerberos ticket, by SASL GSSAPI. */
    KERBEROS
  }
}
