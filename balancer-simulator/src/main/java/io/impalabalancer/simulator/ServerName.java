package io.impalabalancer.simulator;

/** Impala's names of its client ports ({@code be/src/service/impala-server.cc}). */
enum ServerName {
  BEESWAX("beeswax-frontend"),
  HIVESERVER2("hiveserver2-frontend"),
  HIVESERVER2_HTTP("hiveserver2-http-frontend");

  private final String text;

  ServerName(String text) {
    this.text = text;
  }

  @Override
  public String toString() {
    return text;
  }
}
