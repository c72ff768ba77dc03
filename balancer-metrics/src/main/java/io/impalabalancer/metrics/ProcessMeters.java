package io.impalabalancer.metrics;

import com.sun.management.OperatingSystemMXBean;
import com.sun.management.ThreadMXBean;
import io.impalabalancer.core.Balancer;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.BaseUnits;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufAllocatorMetricProvider;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.util.concurrent.TimeUnit;

/** The meters of the process, of its JVM and of Netty's memory. */
final class ProcessMeters {
  private static final double NANOS_PER_SECOND = 1e9;

  private ProcessMeters() {}

  static void register(String version, MeterRegistry registry) {
    Gauge.builder("build.info", () -> 1)
        .tag("version", version)
        .tag("java", Runtime.version().toString())
        .description("What runs here; always 1")
        .register(registry);
    if (ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system) {
      FunctionCounter.builder("process.cpu", system, s -> s.getProcessCpuTime() / NANOS_PER_SECOND)
          .baseUnit("seconds")
          .description("CPU time of the process, user and system")
          .register(registry);
    }
    new UptimeMetrics().bindTo(registry);
    new FileDescriptorMetrics().bindTo(registry);
    new JvmMemoryMetrics().bindTo(registry);
    new JvmThreadMetrics().bindTo(registry);
    if (ManagementFactory.getThreadMXBean() instanceof ThreadMXBean threads) {
      for (boolean relay : new boolean[] {true, false}) {
        AllocatedBytes allocated =
            new AllocatedBytes(threads, name -> name.startsWith(Balancer.THREAD_NAME) == relay);
        FunctionCounter.builder("jvm.allocated", threads, t -> allocated.bytes())
            .tag("threads", relay ? "relay" : "other")
            .baseUnit(BaseUnits.BYTES)
            .description("Allocated on the heap, by the threads seen so far")
            .register(registry);
      }
    }
    for (GarbageCollectorMXBean collector : ManagementFactory.getGarbageCollectorMXBeans()) {
      FunctionTimer.builder(
              "jvm.gc",
              collector,
              GarbageCollectorMXBean::getCollectionCount,
              GarbageCollectorMXBean::getCollectionTime,
              TimeUnit.MILLISECONDS)
          .tag("gc", collector.getName())
          .description("Time spent in collections")
          .register(registry);
    }
    if (ByteBufAllocator.DEFAULT instanceof ByteBufAllocatorMetricProvider allocator) {
      Gauge.builder("netty.direct.memory", () -> allocator.metric().usedDirectMemory())
          .baseUnit(BaseUnits.BYTES)
          .description("Direct memory that Netty's default allocator holds")
          .register(registry);
    }
  }
}
