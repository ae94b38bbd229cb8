package dev.nacelle.app;

import dev.nacelle.base.json.JsonObject;
import dev.nacelle.network.Ipv4;
import dev.nacelle.network.Ipv4Range;
import java.util.Map;

/**
 * What every host of a cluster has to know of it: the ConfigMap {@code
 * kube-system/nacelle-cluster}.
 *
 * @param dns the address of the cluster's DNS
 * @param domain such as {@code cluster.local}
 */
record JoinRanges(Ipv4Range serviceCidr, Ipv4Range clusterCidr, Ipv4 dns, String domain) {

  Map<String, String> toData() {
    return Map.of(
        "serviceCidr", serviceCidr.toString(),
        "clusterCidr", clusterCidr.toString(),
        "dns", dns.toString(),
        "domain", domain);
  }

  /**
   * @throws StartException if the ConfigMap is not what it should be
   */
  static JoinRanges of(JsonObject configMap) throws StartException {
    try {
      return new JoinRanges(
          Ipv4Range.parse(value(configMap, "serviceCidr")),
          Ipv4Range.parse(value(configMap, "clusterCidr")),
          Ipv4.parse(value(configMap, "dns")),
          value(configMap, "domain"));
    } catch (IllegalArgumentException e) {
      throw new StartException(
          "cannot use the cluster's kube-system/nacelle-cluster: " + e.getMessage(), e);
    }
  }

  private static String value(JsonObject configMap, String name) {
    return configMap
        .string("data", name)
        .filter(v -> !v.isEmpty())
        .orElseThrow(() -> new IllegalArgumentException("it does not say " + name));
  }
}
