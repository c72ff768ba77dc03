package io.impalabalancer.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.Driver;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Properties;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The Hive JDBC driver, as it is published, over every transport. */
@Tag("clients")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class HiveJdbcTest {
  private static final String NOSASL = "default;auth=noSasl";
  private static final String PLAIN = "default";
  private static final String HTTP = "default;transportMode=http;httpPath=cliservice";

  private final SimulatedCoordinator coordinator;
  private final URLClassLoader classes;
  private final Driver driver;

  HiveJdbcTest() throws Exception {
    Path jar = Path.of("target", "clients", "hive-jdbc-standalone.jar");
    classes =
        new URLClassLoader(new URL[] {jar.toUri().toURL()}, ClassLoader.getPlatformClassLoader());
    driver =
        (Driver)
            classes.loadClass("org.apache.hive.jdbc.HiveDriver").getConstructor().newInstance();
    coordinator = SimulatedCoordinator.start("impala-1", SimulatorOptions.builder().build());
  }

  @AfterAll
  void close() throws Exception {
    coordinator.close();
    classes.close();
  }

  private Connection connect(String rest) throws SQLException {
    Properties login = new Properties();
    login.setProperty("user", "alice");
    login.setProperty("password", "secret");
    int port =
        rest.equals(HTTP) ? coordinator.hiveserver2HttpPort() : coordinator.hiveserver2Port();
    String url = "jdbc:hive2://127.0.0.1:" + port + "/" + rest;
    return Objects.requireNonNull(driver.connect(url, login));
  }

  @ParameterizedTest
  @ValueSource(strings = {NOSASL, PLAIN, HTTP})
  void statementsAreAnswered(String rest) throws Exception {
    try (Connection connection = connect(rest);
        Statement statement = connection.createStatement()) {
      try (ResultSet rows =
          statement.executeQuery("select 1 + 1, coordinator(), user(), work(20) as w, true, 1.5")) {
        assertThat(rows.next()).isTrue();
        assertThat(rows.getInt(1)).isEqualTo(2);
        assertThat(rows.getString(2)).isEqualTo("impala-1");
        assertThat(rows.getString(3)).isEqualTo("alice");
        assertThat(rows.getLong("w")).isEqualTo(20);
        assertThat(rows.getBoolean(5)).isTrue();
        assertThat(rows.getDouble(6)).isEqualTo(1.5);
        assertThat(rows.next()).isFalse();
      }
      statement.execute("set mem_limit=1g");
      statement.execute("use default");
      assertThatThrownBy(() -> statement.executeQuery("select a from nosuch"))
          .isInstanceOf(SQLException.class)
          .hasMessageContaining("Could not resolve table reference: 'nosuch'");
      assertThat(connection.isValid(10)).isTrue();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {NOSASL, PLAIN, HTTP})
  void aLongAnswerIsFetchedWhole(String rest) throws Exception {
    try (Connection connection = connect(rest);
        Statement statement = connection.createStatement()) {
      statement.setFetchSize(1000);
      int count = 0;
      try (ResultSet rows = statement.executeQuery("select rows(10001, 100)")) {
        while (rows.next()) {
          assertThat(rows.getString(1)).hasSize(100);
          count++;
        }
      }
      assertThat(count).isEqualTo(10001);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {NOSASL, PLAIN, HTTP})
  void theCatalogIsDescribed(String rest) throws Exception {
    try (Connection connection = connect(rest)) {
      DatabaseMetaData catalog = connection.getMetaData();
      assertThat(catalog.getDatabaseProductName()).isEqualTo("Impala");
      assertThat(firstColumn(catalog.getSchemas())).containsExactly("_impala_builtins", "default");
      assertThat(firstColumn(catalog.getTypeInfo())).contains("BIGINT", "STRING");
      assertThat(firstColumn(catalog.getTableTypes())).contains("TABLE");
      assertThat(firstColumn(catalog.getTables(null, "%", "%", null))).isEmpty();
      assertThat(firstColumn(catalog.getColumns(null, "%", "%", "%"))).isEmpty();
      assertThat(firstColumn(catalog.getFunctions(null, "%", "%"))).isEmpty();
      assertThat(firstColumn(catalog.getCatalogs())).isEmpty();
      assertThat(firstColumn(catalog.getPrimaryKeys(null, "default", "t"))).isEmpty();
    }
  }

  private static List<String> firstColumn(ResultSet rows) throws SQLException {
    try (rows) {
      List<String> values = new ArrayList<>();
      while (rows.next()) {
        values.add(rows.getString(1));
      }
      return values;
    }
  }
}
