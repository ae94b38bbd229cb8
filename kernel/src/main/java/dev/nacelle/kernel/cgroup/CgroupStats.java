package dev.nacelle.kernel.cgroup;

import java.util.OptionalLong;

/**
 * A measurement. The working set is usage without inactive page cache, never below 0; anonymous
 * memory is what cannot be dropped.
 */
public record CgroupStats(
    long cpuNanos,
    long memoryUsageBytes,
    long memoryWorkingSetBytes,
    long memoryAnonymousBytes,
    OptionalLong memoryLimitBytes,
    long pageFaults,
    long majorPageFaults,
    long pids) {}
