package io.impalabalancer.it;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Driver;
import java.sql.SQLException;
import java.util.Properties;

/**
 * The Hive JDBC driver, unmodified, in a class loader of its own: its jar holds classes of SLF4J,
 * Thrift and XML parsers that must not meet those of the tests. Safe for use by any thread.
 */
final class JdbcDriver implements AutoCloseable {

  private final URLClassLoader loader;
  private final Driver driver;

  JdbcDriver() {
    File jar = Path.of("target", "jdbc", "hive-jdbc.jar").toFile();
    if (!jar.isFile()) {
      throw new AssertionError("not there, the build of src-it copies it: " + jar);
    }
    try {
      loader =
          new URLClassLoader(
              "hive-jdbc", new URL[] {jar.toURI().toURL()}, ClassLoader.getPlatformClassLoader());
      driver =
          loader
              .loadClass("org.apache.hive.jdbc.HiveDriver")
              .asSubclass(Driver.class)
              .getDeclaredConstructor()
              .newInstance();
    } catch (MalformedURLException | ReflectiveOperationException e) {
      throw new AssertionError("cannot load the driver from " + jar, e);
    }
  }

  /** Opens a connection, and with it a HiveServer2 session. */
  Connection connect(String url) throws SQLException {
    Properties properties = new Properties();
    properties.setProperty("user", "tester");
    properties.setProperty("password", "any");
    Connection connection = driver.connect(url, properties);
    if (connection == null) {
      throw new SQLException("the driver does not know this address: " + url);
    }
    return connection;
  }

  @Override
  public void close() {
    try {
      loader.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
