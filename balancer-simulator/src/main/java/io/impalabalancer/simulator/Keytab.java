package io.impalabalancer.simulator;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import javax.security.auth.Subject;
import javax.security.auth.login.AppConfigurationEntry;
import javax.security.auth.login.Configuration;
import javax.security.auth.login.LoginContext;
import javax.security.auth.login.LoginException;

/**
 * A Kerberos principal, and the file with its key.
 *
 * @param principal such as {@code impala/localhost@EXAMPLE.COM}
 */
public record Keytab(String principal, Path file) {

  /**
   * Returns one who can accept tickets of the principal.
   *
   * @throws IOException if the key is of no use
   */
  Subject acceptor() throws IOException {
    return logIn(Map.of("storeKey", "true", "isInitiator", "false"));
  }

  /**
   * Returns one with a ticket of the principal, as a client has.
   *
   * @throws IOException if the key is of no use, or no KDC answers
   */
  public Subject client() throws IOException {
    return logIn(Map.of());
  }

  private Subject logIn(Map<String, String> role) throws IOException {
    Map<String, String> options = new HashMap<>(role);
    options.put("useKeyTab", "true");
    options.put("keyTab", file.toString());
    options.put("principal", principal);
    options.put("doNotPrompt", "true");
    Configuration configuration =
        new Configuration() {
          @Override
          public AppConfigurationEntry[] getAppConfigurationEntry(String name) {
            return new AppConfigurationEntry[] {
              new AppConfigurationEntry(
                  "com.sun.security.auth.module.Krb5LoginModule",
                  AppConfigurationEntry.LoginModuleControlFlag.REQUIRED,
                  options)
            };
          }
        };
    try {
      LoginContext context = new LoginContext("keytab", new Subject(), null, configuration);
      context.login();
      return context.getSubject();
    } catch (LoginException e) {
      throw new IOException(principal + " cannot log in by " + file + ": " + e.getMessage(), e);
    }
  }
}
