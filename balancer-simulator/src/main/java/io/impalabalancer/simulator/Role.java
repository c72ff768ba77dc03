package io.impalabalancer.simulator;

/** What an impalad is for ({@code --is_coordinator}, {@code --is_executor}). */
public enum Role {
  /** Takes clients and lets others execute. */
  COORDINATOR,

  /** Takes clients and executes, too: it pays for both. */
  COORDINATOR_AND_EXECUTOR,

  /** Executes only: its client ports are closed ({@code ImpalaServer::Start}). */
  EXECUTOR;

  boolean isCoordinator() {
    return this != EXECUTOR;
  }

  boolean isExecutor() {
    return this != COORDINATOR;
  }
}
