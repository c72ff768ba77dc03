package io.impalabalancer.config;

import java.nio.file.Path;
import java.util.Optional;

/**
 * How the coordinators' web ports are reached.
 *
 * @param tlsCa certificates of those who may sign theirs; empty for Java's
 * @param user and {@code passwordFile}: given with {@link Auth#BASIC} and {@link Auth#DIGEST}
 * @param principal and {@code keytab}: given with {@link Auth#SPNEGO}
 */
public record WebConfig(
    boolean tls,
    Optional<Path> tlsCa,
    Auth auth,
    Optional<String> user,
    Optional<Path> passwordFile,
    Optional<String> principal,
    Optional<Path> keytab) {

  /** How to log in. */
  public enum Auth {
    /** Not at all. */
    NONE,
    /** User and password as they are. */
    BASIC,
    /** A digest of user and password. */
    DIGEST,
    /** A Kerberos ticket. */
    SPNEGO
  }
}
