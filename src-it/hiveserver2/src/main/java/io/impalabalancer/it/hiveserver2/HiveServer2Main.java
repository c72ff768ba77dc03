package io.impalabalancer.it.hiveserver2;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.hadoop.hive.conf.HiveConf;
import org.apache.hive.service.server.HiveServer2;

/**
 * Starts one HiveServer2 with an embedded in-memory metastore and prints {@code READY port} when
 * its listener is up. It runs until its process is ended.
 *
 * <p>Runs on a JDK 17 to 23: Hadoop 3.3 calls {@code Subject.getSubject}, which later ones refuse.
 */
public final class HiveServer2Main {

  private HiveServer2Main() {}

  /**
   * Starts the server.
   *
   * @param args the address and the port to listen on; {@code NOSASL}, or {@code NONE} for SASL
   *     PLAIN with any password; an existing empty directory for the server's files
   */
  public static void main(String[] args) {
    if (args.length != 4) {
      System.err.println("expected four arguments: ADDRESS PORT NOSASL|NONE DIRECTORY");
      System.exit(2);
    }
    // As system properties, and before the first HiveConf: the metastore's own threads read only
    // these.
    settings(args[0], args[1], args[2], Path.of(args[3])).forEach(System::setProperty);
    HiveConf conf = new HiveConf();
    conf.set("mapreduce.framework.name", "local");
    HiveServer2 server = new HiveServer2();
    server.init(conf);
    server.start();
    System.out.println("READY " + args[1]);
  }

  private static Map<String, String> settings(
      String address, String port, String authentication, Path directory) {
    Map<String, String> settings = new LinkedHashMap<>();
    settings.put("javax.jdo.option.ConnectionURL", "jdbc:derby:memory:metastore;create=true");
    settings.put("datanucleus.schema.autoCreateAll", "true");
    settings.put("hive.metastore.schema.verification", "false");
    settings.put("hive.metastore.warehouse.dir", directory.resolve("warehouse").toUri().toString());
    settings.put(
        "hive.metastore.warehouse.external.dir", directory.resolve("external").toUri().toString());
    settings.put("hive.exec.scratchdir", directory.resolve("scratch").toString());
    settings.put("hive.exec.local.scratchdir", directory.resolve("local-scratch").toString());
    settings.put("hive.downloaded.resources.dir", directory.resolve("resources").toString());
    settings.put("hive.querylog.location", directory.resolve("query-log").toString());
    settings.put("hive.server2.logging.operation.enabled", "false");
    settings.put("hive.stats.autogather", "false");
    settings.put("hive.execution.engine", "mr");
    // The tests' queries read no table: a fetch task answers them without a MapReduce job.
    settings.put("hive.fetch.task.conversion", "more");
    settings.put("hive.server2.enable.doAs", "false");
    settings.put("hive.server2.authentication", authentication);
    settings.put("hive.server2.thrift.bind.host", address);
    settings.put("hive.server2.transport.mode", "binary");
    settings.put("hive.server2.thrift.port", port);
    settings.put("hive.server2.webui.port", "0");
    settings.put("hive.server2.materializedviews.registry.impl", "DUMMY");
    settings.put("hive.scheduled.queries.executor.enabled", "false");
    return settings;
  }
}
