package dev.nacelle.base.metrics;

import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.SummaryWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.Quantiles;
import java.io.IOException;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The usual metrics of the JVM and the process. The beans are looked up when somebody reads the
 * metrics, not before: they take their time to load.
 */
final class ProcessMetrics {
  private static final Path STATM = Path.of("/proc/self/statm");
  private static final Path DESCRIPTORS = Path.of("/proc/self/fd");
  private static final int PAGE_BYTES = 4096;

  private ProcessMetrics() {}

  static void register(Metrics metrics, PrometheusRegistry registry) {
    CounterWithCallback.builder()
        .name("process_cpu_seconds_total")
        .help("Total user and system CPU time spent in seconds.")
        .callback(callback -> callback.call(cpuSeconds()))
        .register(registry);
    metrics.gauge(
        "process_start_time_seconds",
        "Start time of the process since unix epoch in seconds.",
        () -> ManagementFactory.getRuntimeMXBean().getStartTime() / 1000.0);
    metrics.gauge(
        "process_resident_memory_bytes",
        "Resident memory size in bytes.",
        () -> pages(1) * (double) PAGE_BYTES);
    metrics.gauge(
        "process_virtual_memory_bytes",
        "Virtual memory size in bytes.",
        () -> pages(0) * (double) PAGE_BYTES);
    metrics.gauge(
        "process_open_fds", "Number of open file descriptors.", ProcessMetrics::openDescriptors);
    metrics.gauge(
        "jvm_threads_current",
        "Current number of platform threads.",
        () -> ManagementFactory.getThreadMXBean().getThreadCount());
    GaugeWithCallback.builder()
        .name("jvm_memory_used_bytes")
        .help("Used bytes of a memory area.")
        .labelNames("area")
        .callback(
            callback -> {
              var memory = ManagementFactory.getMemoryMXBean();
              callback.call(memory.getHeapMemoryUsage().getUsed(), "heap");
              callback.call(memory.getNonHeapMemoryUsage().getUsed(), "nonheap");
            })
        .register(registry);
    GaugeWithCallback.builder()
        .name("jvm_memory_committed_bytes")
        .help("Committed bytes of a memory area.")
        .labelNames("area")
        .callback(
            callback -> {
              var memory = ManagementFactory.getMemoryMXBean();
              callback.call(memory.getHeapMemoryUsage().getCommitted(), "heap");
              callback.call(memory.getNonHeapMemoryUsage().getCommitted(), "nonheap");
            })
        .register(registry);
    SummaryWithCallback.builder()
        .name("jvm_gc_collection_seconds")
        .help("Time spent in a garbage collector in seconds.")
        .labelNames("gc")
        .callback(
            callback -> {
              for (GarbageCollectorMXBean gc : ManagementFactory.getGarbageCollectorMXBeans()) {
                callback.call(
                    gc.getCollectionCount(),
                    gc.getCollectionTime() / 1000.0,
                    Quantiles.EMPTY,
                    gc.getName());
              }
            })
        .register(registry);
  }

  private static double cpuSeconds() {
    return ProcessHandle.current()
        .info()
        .totalCpuDuration()
        .map(used -> used.toNanos() / 1e9)
        .orElse(0.0);
  }

  private static long pages(int field) {
    try {
      return Long.parseLong(Files.readString(STATM).strip().split(" ", -1)[field]);
    } catch (IOException | NumberFormatException e) {
      return 0;
    }
  }

  private static double openDescriptors() {
    try (var entries = Files.list(DESCRIPTORS)) {
      return entries.count();
    } catch (IOException e) {
      return 0;
    }
  }
}
