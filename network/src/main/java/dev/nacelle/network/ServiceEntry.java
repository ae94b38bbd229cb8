package dev.nacelle.network;

import dev.nacelle.base.task.DurationText;
import java.time.Duration;
import java.util.List;

/**
 * One port of one Service.
 *
 * @param name for messages: {@code namespace/name:port}
 * @param protocol of all its frontends and backends
 * @param frontends where clients knock
 * @param backends the ready endpoints, in any order; with none, clients are refused at once
 * @param affinity how long a client stays with its backend after its last new connection; zero for
 *     {@code sessionAffinity: None}
 * @param internalPolicy {@code spec.internalTrafficPolicy}: for cluster addresses
 * @param externalPolicy {@code spec.externalTrafficPolicy}: for node ports and external addresses,
 *     for clients off this host; those on it reach all backends
 */
public record ServiceEntry(
    String name,
    Protocol protocol,
    List<Frontend> frontends,
    List<Backend> backends,
    Duration affinity,
    TrafficPolicy internalPolicy,
    TrafficPolicy externalPolicy) {
  public ServiceEntry {
    frontends = List.copyOf(frontends);
    backends = backends.stream().distinct().toList();
    if (affinity.isNegative() || affinity.compareTo(Duration.ofDays(1)) > 0) {
      throw new IllegalArgumentException(
          "cannot keep clients of "
              + name
              + " for "
              + DurationText.of(affinity)
              + ": not within 0 to 1 day");
    }
  }

  /** A Service port with neither affinity nor local policies. */
  public static ServiceEntry of(
      String name, Protocol protocol, List<Frontend> frontends, List<Backend> backends) {
    return new ServiceEntry(
        name,
        protocol,
        frontends,
        backends,
        Duration.ZERO,
        TrafficPolicy.CLUSTER,
        TrafficPolicy.CLUSTER);
  }
}
