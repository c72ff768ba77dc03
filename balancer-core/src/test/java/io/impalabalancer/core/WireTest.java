package io.impalabalancer.core;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;

/** A test that runs once a wire, with balancers whose clock is frozen; closes what it opened. */
abstract class WireTest {
  final String wire;
  private final List<AutoCloseable> open = new ArrayList<>();

  WireTest(String wire) {
    this.wire = wire;
  }

  /** Closes in the reverse order of {@link #keep}. */
  @AfterEach
  void closeAll() throws Exception {
    for (int i = open.size() - 1; i >= 0; i--) {
      open.get(i).close();
    }
  }

  /** Has something closed when the test ends. */
  final <T extends AutoCloseable> T keep(T closeable) {
    open.add(closeable);
    return closeable;
  }

  final BalancerRig rig(String hocon) throws IOException {
    return keep(BalancerRig.startFrozen(wire, hocon));
  }
}
