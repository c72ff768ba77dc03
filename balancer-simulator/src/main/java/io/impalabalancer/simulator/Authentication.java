package io.impalabalancer.simulator;

/** How clients log in on the beeswax, hiveserver2 and hiveserver2-http ports. */
public enum Authentication {
  /** As the client likes: its first byte tells. No Impala does so; it is handy in tests. */
  ANY,

  /** Nobody logs in, and a connection needs no setup, as without {@code --enable_ldap_auth}. */
  NOSASL,

  /** Everybody logs in by user and password, as with {@code --enable_ldap_auth}. */
  PLAIN,

  /** Everybody logs in by a Kerberos ticket, as with {@code --principal}; not over HTTP. */
  GSSAPI
}
