package dev.nacelle.network;

import java.nio.file.Path;

/**
 * What a datapath must know of its host and cluster.
 *
 * @param instance names this instance on the machine, unique also among instances in other network
 *     namespaces, the same at every start: letters, digits, '-', '_', at most 48
 * @param stateDirectory for the durable list of held addresses, below {@code DIR/node}
 * @param clusterCidr the pods of all hosts
 * @param serviceCidr the cluster addresses of Services
 * @param podCidr this host's Node {@code spec.podCIDR}, within the cluster's
 * @param nodeAddress this host's internal address; must be configured on one of its interfaces
 * @param hostNamespace the host's network namespace, for the process's own {@code
 *     /proc/self/ns/net}
 */
public record DatapathConfig(
    String instance,
    Path stateDirectory,
    Ipv4Range clusterCidr,
    Ipv4Range serviceCidr,
    Ipv4Range podCidr,
    Ipv4 nodeAddress,
    Path hostNamespace) {
  public DatapathConfig {
    if (!instance.matches("[0-9A-Za-z_-]{1,48}")) {
      throw new IllegalArgumentException(
          "cannot use \"" + instance + "\" as an instance: 1-48 letters, digits, '-', '_'");
    }
    if (!clusterCidr.contains(podCidr.first())
        || podCidr.prefixLength() < clusterCidr.prefixLength()) {
      throw new IllegalArgumentException(
          "cannot use pod range " + podCidr + ": not within the cluster's " + clusterCidr);
    }
    if (clusterCidr.contains(serviceCidr.first()) || serviceCidr.contains(clusterCidr.first())) {
      throw new IllegalArgumentException(
          "cannot use service range " + serviceCidr + ": it overlaps the pods' " + clusterCidr);
    }
  }

  /** A host that is the process's own network namespace. */
  public static DatapathConfig of(
      String instance,
      Path stateDirectory,
      Ipv4Range clusterCidr,
      Ipv4Range serviceCidr,
      Ipv4Range podCidr,
      Ipv4 nodeAddress) {
    return new DatapathConfig(
        instance,
        stateDirectory,
        clusterCidr,
        serviceCidr,
        podCidr,
        nodeAddress,
        Path.of("/proc/self/ns/net"));
  }
}
