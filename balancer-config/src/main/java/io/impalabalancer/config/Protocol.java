package io.impalabalancer.config;

/** What clients of a listener speak, and so which port of a coordinator they are given. */
public enum Protocol {
  /** Impala's first protocol; 21000 on a coordinator. */
  BEESWAX("beeswax"),
  /** HiveServer2 in binary Thrift; 21050 on a coordinator. */
  HIVESERVER2("hiveserver2"),
  /** HiveServer2 over HTTP; 28000 on a coordinator. */
  HIVESERVER2_HTTP("hiveserver2-http"),
  /** Anything else over TCP; the port named {@code tcp}, which has no default. */
  TCP("tcp");

  private final String word;

  Protocol(String word) {
    this.word = word;
  }

  /** Returns the word that configuration, log and metrics use. */
  public String word() {
    return word;
  }
}
