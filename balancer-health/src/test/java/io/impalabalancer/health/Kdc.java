package io.impalabalancer.health;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A Kerberos KDC of MIT (Debian: krb5-kdc, krb5-admin-server) for {@code EXAMPLE.COM} on a free
 * loopback port, without any privilege. This JVM uses it as long as it lives.
 */
final class Kdc implements AutoCloseable {
  private static final String REALM = "EXAMPLE.COM";
  private static final String CONF = "java.security.krb5.conf";

  private final Path directory;
  private final Process process;

  /** Starts one; skips the test by name if there is none on this machine. */
  Kdc(Path directory) throws IOException, InterruptedException {
    this.directory = directory;
    for (String program : List.of("krb5kdc", "kdb5_util", "kadmin.local")) {
      boolean there = Files.isExecutable(program(program));
      if (!there && "true".equals(System.getenv("IMPALA_BALANCER_REQUIRE_ALL"))) {
        throw new IOException(program + " is missing");
      }
      assumeTrue(there, program + " is missing");
    }
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    Files.writeString(
        directory.resolve("krb5.conf"),
        """
        [libdefaults]
          default_realm = EXAMPLE.COM
          dns_lookup_kdc = false
          dns_lookup_realm = false
          dns_canonicalize_hostname = false
          rdns = false
          udp_preference_limit = 1
        [realms]
          EXAMPLE.COM = {
            kdc = 127.0.0.1:%d
          }
        """
            .formatted(port));
    Files.writeString(
        directory.resolve("kdc.conf"),
        """
        [kdcdefaults]
          kdc_listen = 127.0.0.1:%1$d
          kdc_tcp_listen = 127.0.0.1:%1$d
        [realms]
          EXAMPLE.COM = {
            database_name = %2$s/principal
            key_stash_file = %2$s/stash
            acl_file = %2$s/acl
          }
        [logging]
          kdc = FILE:%2$s/kdc.log
        """
            .formatted(port, directory));
    run("kdb5_util", "create", "-s", "-r", REALM, "-P", "master");
    process = builder("krb5kdc", "-n", "-r", REALM).start();
    System.setProperty(CONF, directory.resolve("krb5.conf").toString());
    awaitPort(port);
  }

  private void awaitPort(int port) throws IOException, InterruptedException {
    for (int attempt = 0; ; attempt++) {
      try (Socket connected = new Socket(InetAddress.getLoopbackAddress(), port)) {
        assert connected.isConnected();
        return;
      } catch (IOException notYet) {
        if (attempt == 300 || !process.isAlive()) {
          throw notYet;
        }
        TimeUnit.MILLISECONDS.sleep(100);
      }
    }
  }

  /** Makes a principal, and returns a file with its key. */
  Path keytab(String principal) throws IOException, InterruptedException {
    Path keytab = directory.resolve(principal.replace('/', '-') + ".keytab");
    run("kadmin.local", "-r", REALM, "addprinc", "-randkey", principal);
    run("kadmin.local", "-r", REALM, "ktadd", "-k", keytab.toString(), principal);
    return keytab;
  }

  /** Has it take connections and answer none of them, or answer again. */
  void freeze(boolean on) throws IOException, InterruptedException {
    new ProcessBuilder("kill", on ? "-STOP" : "-CONT", Long.toString(process.pid()))
        .start()
        .waitFor();
  }

  private static Path program(String name) {
    return Path.of("/usr/sbin", name);
  }

  private ProcessBuilder builder(String program, String... arguments) {
    List<String> command = new ArrayList<>(List.of(program(program).toString()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("KRB5_CONFIG", directory.resolve("krb5.conf").toString());
    builder.environment().put("KRB5_KDC_PROFILE", directory.resolve("kdc.conf").toString());
    Path log = directory.resolve(program + ".out");
    return builder
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
  }

  private void run(String program, String... arguments) throws IOException, InterruptedException {
    Process run = builder(program, arguments).start();
    if (!run.waitFor(1, TimeUnit.MINUTES) || run.exitValue() != 0) {
      throw new IOException(
          program + " failed: " + Files.readString(directory.resolve(program + ".out")));
    }
  }

  @Override
  public void close() {
    System.clearProperty(CONF);
    process.destroy();
    process.onExit().join();
  }
}
