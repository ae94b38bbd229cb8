package dev.nacelle.node;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a node is told at its start.
 *
 * @param name of the Node object
 * @param instance names this platform on the host; part of the cgroup path
 * @param directory {@code DIR/node}
 * @param logs {@code DIR/logs}
 * @param address the host's internal address
 * @param endpointPort where the node endpoint listens
 * @param labels beside the well-known ones
 * @param serviceDns the cluster DNS address, where there is one
 * @param clusterDomain such as {@code cluster.local}
 * @param version as the Node reports it
 */
public record NodeConfig(
    String name,
    String instance,
    Path directory,
    Path logs,
    String address,
    int endpointPort,
    Map<String, String> labels,
    Optional<String> serviceDns,
    String clusterDomain,
    int maxPods,
    Duration heartbeat,
    List<String> features,
    String version) {
  public NodeConfig {
    labels = Map.copyOf(labels);
    features = List.copyOf(features);
  }

  /** A node that reports the newest version it knows. */
  public NodeConfig(
      String name,
      String instance,
      Path directory,
      Path logs,
      String address,
      int endpointPort,
      Map<String, String> labels,
      Optional<String> serviceDns,
      String clusterDomain,
      int maxPods,
      Duration heartbeat,
      List<String> features) {
    this(
        name,
        instance,
        directory,
        logs,
        address,
        endpointPort,
        labels,
        serviceDns,
        clusterDomain,
        maxPods,
        heartbeat,
        features,
        "v1.36.2");
  }

  /** The same node with the version that it reports as {@code kubeletVersion}. */
  public NodeConfig withVersion(String other) {
    return new NodeConfig(
        name,
        instance,
        directory,
        logs,
        address,
        endpointPort,
        labels,
        serviceDns,
        clusterDomain,
        maxPods,
        heartbeat,
        features,
        other);
  }

  /** Where the pods of this node keep their volumes and files. */
  public Path podDirectory(String uid) {
    return directory.resolve("pods").resolve(uid);
  }

  /** The cgroup below which an instance has those of its pods. */
  public static String cgroup(String instance) {
    return "nacelle/" + instance;
  }

  /** The cgroup of a pod, below the root of each hierarchy. */
  public String podCgroup(String uid) {
    return cgroup(instance) + "/pod" + uid;
  }
}
