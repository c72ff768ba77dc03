package io.impalabalancer.core;

import static io.impalabalancer.core.BalancerRig.coordinators;
import static io.impalabalancer.core.BalancerRig.listener;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import org.junit.jupiter.api.Test;

/** The rig itself: what it claims to find, it finds. */
class BalancerRigTest {

  @Test
  void aLeakedBufferFailsTheTest() throws Exception {
    BalancerRig rig =
        BalancerRig.start("auto", coordinators("", TestServer.closedPort()) + listener(""));
    leak();
    assertThatThrownBy(rig::close).hasMessageContaining("leaked buffers");
  }

  private static void leak() {
    ByteBuf forgotten = ByteBufAllocator.DEFAULT.directBuffer(16);
    forgotten.writeByte(1);
  }
}
