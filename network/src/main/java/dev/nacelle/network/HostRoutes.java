package dev.nacelle.network;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** All other hosts of the cluster. No two may claim the same range. */
public record HostRoutes(List<HostRoute> hosts) {
  public static final HostRoutes EMPTY = new HostRoutes(List.of());

  /**
   * One other host.
   *
   * @param podCidr its Node's {@code spec.podCIDR}
   * @param nodeAddress its internal address, reached directly (on one of this host's subnets)
   */
  public record HostRoute(Ipv4Range podCidr, Ipv4 nodeAddress) {}

  public HostRoutes {
    hosts = List.copyOf(hosts);
    Set<Ipv4Range> seen = new HashSet<>();
    for (HostRoute host : hosts) {
      if (!seen.add(host.podCidr())) {
        throw new IllegalArgumentException("cannot route " + host.podCidr() + " to two hosts");
      }
    }
  }
}
