package dev.nacelle.kernel.cgroup;

import java.util.OptionalLong;

/**
 * Limits of one cgroup; an absent one is lifted. CPU shares are in version 1's unit, 2 to 262,144.
 */
public record CgroupLimits(
    OptionalLong cpuShares,
    OptionalLong cpuQuotaMicros,
    long cpuPeriodMicros,
    OptionalLong memoryBytes,
    OptionalLong pids) {}
