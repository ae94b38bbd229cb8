package dev.nacelle.controllers;

import dev.nacelle.api.object.ResourceType;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;

/**
 * What the controllers need to know of their cluster.
 *
 * @param rootCertificatesPem for the ConfigMap {@code kube-root-ca.crt} of each namespace
 * @param clusterCidr the pods' range, such as {@code 10.64.0.0/16}
 * @param nodePrefixLength of the part of it that each node gets
 * @param nodeGrace how long a node may be silent before its condition becomes Unknown
 * @param terminatedPodThreshold how many ended pods are kept
 * @param resources the namespaced and cluster-scoped resources there are now, custom ones too
 */
public record ControllerSettings(
    String rootCertificatesPem,
    String clusterCidr,
    int nodePrefixLength,
    Duration nodeGrace,
    int terminatedPodThreshold,
    Supplier<List<ListedResource>> resources) {

  /** A resource that can be listed, watched and deleted. */
  public record ListedResource(ResourceType type, String kind, Scope scope) {}

  /** Where objects of a resource live. */
  public enum Scope {
    NAMESPACED,
    CLUSTER
  }

  /** Upstream's defaults: 40 s, 12,500 ended pods; a /21 per node. */
  public static ControllerSettings of(
      String rootCertificatesPem, String clusterCidr, Supplier<List<ListedResource>> resources) {
    return new ControllerSettings(
        rootCertificatesPem, clusterCidr, 21, Duration.ofSeconds(40), 12_500, resources);
  }
}
