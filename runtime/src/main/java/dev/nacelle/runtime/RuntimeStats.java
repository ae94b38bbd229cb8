package dev.nacelle.runtime;

import java.time.Instant;
import java.util.OptionalLong;

/**
 * A measurement of one cgroup.
 *
 * @param cpuNanos CPU time used since the start
 * @param memoryUsageBytes all memory charged, page cache included
 * @param memoryWorkingSetBytes usage without inactive page cache, as the kubelet counts it
 * @param memoryRssBytes anonymous memory
 * @param memoryLimitBytes the limit, if there is one
 */
public record RuntimeStats(
    Instant at,
    long cpuNanos,
    long memoryUsageBytes,
    long memoryWorkingSetBytes,
    long memoryRssBytes,
    OptionalLong memoryLimitBytes,
    long pageFaults,
    long majorPageFaults,
    long pids) {}
