package dev.nacelle.runtime;

import java.util.OptionalLong;

/**
 * Limits of a cgroup; an absent one means no limit (or the kernel's default share).
 *
 * @param cpuShares the weight, 2 to 262,144, in cgroup v1's unit; translated on v2
 * @param cpuQuotaMicros microseconds of CPU time per period
 * @param cpuPeriodMicros the period of the quota, 1,000 to 1,000,000
 * @param memoryBytes hard limit of memory
 * @param pids most processes and threads
 */
public record Resources(
    OptionalLong cpuShares,
    OptionalLong cpuQuotaMicros,
    long cpuPeriodMicros,
    OptionalLong memoryBytes,
    OptionalLong pids) {

  public static final long DEFAULT_CPU_PERIOD_MICROS = 100_000;

  public static final Resources UNLIMITED =
      new Resources(
          OptionalLong.empty(),
          OptionalLong.empty(),
          DEFAULT_CPU_PERIOD_MICROS,
          OptionalLong.empty(),
          OptionalLong.empty());

  public Resources {
    if (cpuPeriodMicros < 1_000 || cpuPeriodMicros > 1_000_000) {
      throw new IllegalArgumentException("cannot use a CPU period of " + cpuPeriodMicros + " us");
    }
    positive("cpuShares", cpuShares);
    positive("cpuQuotaMicros", cpuQuotaMicros);
    positive("memoryBytes", memoryBytes);
    positive("pids", pids);
  }

  public Resources withCpuShares(long shares) {
    return new Resources(
        OptionalLong.of(shares), cpuQuotaMicros, cpuPeriodMicros, memoryBytes, pids);
  }

  /** A limit in thousandths of a CPU at the default period, at least a millisecond of it. */
  public Resources withCpuLimitMillis(long cpuMillis) {
    long quota = Math.max(1_000, cpuMillis * DEFAULT_CPU_PERIOD_MICROS / 1_000);
    return new Resources(
        cpuShares, OptionalLong.of(quota), DEFAULT_CPU_PERIOD_MICROS, memoryBytes, pids);
  }

  public Resources withMemoryBytes(long bytes) {
    return new Resources(cpuShares, cpuQuotaMicros, cpuPeriodMicros, OptionalLong.of(bytes), pids);
  }

  public Resources withPids(long limit) {
    return new Resources(
        cpuShares, cpuQuotaMicros, cpuPeriodMicros, memoryBytes, OptionalLong.of(limit));
  }

  private static void positive(String name, OptionalLong value) {
    if (value.isPresent() && value.getAsLong() <= 0) {
      throw new IllegalArgumentException(
          "cannot use " + name + " of " + value.getAsLong() + ": leave it out for no limit");
    }
  }
}
