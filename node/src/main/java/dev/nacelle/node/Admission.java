package dev.nacelle.node;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.Quantity;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** Whether a pod fits on this node, as the kubelet checks it before it takes a pod. Pure. */
final class Admission {
  private static final String ANY = "0.0.0.0";

  private Admission() {}

  /** Why a pod is not taken: {@code status.reason} and its message. */
  record Refusal(String reason, String message) {}

  /** What the node can give. */
  record Capacity(long cpuMillis, long memoryBytes, int pods) {}

  /**
   * @param others the pods that are on the node and not at their end, without this one
   */
  static Optional<Refusal> check(KubeObject pod, Collection<KubeObject> others, Capacity capacity) {
    return room("pods", 1, others.size(), capacity.pods())
        .or(() -> room("cpu", pod, others, capacity.cpuMillis()))
        .or(() -> room("memory", pod, others, capacity.memoryBytes()))
        .or(() -> ports(pod, others));
  }

  private static Optional<Refusal> room(
      String resource, KubeObject pod, Collection<KubeObject> others, long capacity) {
    long asked = request(pod, resource);
    if (asked == 0) {
      return Optional.empty();
    }
    return room(
        resource, asked, others.stream().mapToLong(o -> request(o, resource)).sum(), capacity);
  }

  private static Optional<Refusal> room(String resource, long asked, long used, long capacity) {
    if (used + asked <= capacity) {
      return Optional.empty();
    }
    return Optional.of(
        new Refusal(
            "OutOf" + resource,
            "Node didn't have enough resource: "
                + resource
                + ", requested: "
                + asked
                + ", used: "
                + used
                + ", capacity: "
                + capacity));
  }

  /**
   * What a pod asks for: the containers and sidecars together, or an init container with the
   * sidecars before it where that is more; and the overhead.
   */
  static long request(KubeObject pod, String resource) {
    long sidecars = 0;
    long init = 0;
    for (JsonObject container : pod.spec().array("initContainers").objects().toList()) {
      long own = own(container, resource);
      if (container.string("restartPolicy").filter("Always"::equals).isPresent()) {
        sidecars += own;
        init = Math.max(init, sidecars);
      } else {
        init = Math.max(init, sidecars + own);
      }
    }
    long regular =
        sidecars + pod.spec().array("containers").objects().mapToLong(c -> own(c, resource)).sum();
    long overhead = amount(pod.spec().find("overhead", resource), resource);
    return Math.max(init, regular) + overhead;
  }

  private static long own(JsonObject container, String resource) {
    return amount(container.find("resources", "requests", resource), resource);
  }

  private static long amount(Optional<Json> quantity, String resource) {
    return quantity
        .flatMap(Quantity::read)
        .map(q -> resource.equals("cpu") ? q.millis() : q.units())
        .orElse(0L);
  }

  private static Optional<Refusal> ports(KubeObject pod, Collection<KubeObject> others) {
    Set<HostPort> taken = new HashSet<>();
    others.forEach(o -> taken.addAll(hostPorts(o)));
    boolean conflict =
        hostPorts(pod).stream().anyMatch(p -> taken.stream().anyMatch(p::conflictsWith));
    return conflict
        ? Optional.of(
            new Refusal(
                "NodePorts",
                "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod"
                    + " ports"))
        : Optional.empty();
  }

  private record HostPort(String address, String protocol, long port) {
    boolean conflictsWith(HostPort other) {
      boolean sameAddress =
          address.equals(other.address) || address.equals(ANY) || other.address.equals(ANY);
      return sameAddress && protocol.equals(other.protocol) && port == other.port;
    }
  }

  private static List<HostPort> hostPorts(KubeObject pod) {
    return Stream.concat(
            pod.spec()
                .array("initContainers")
                .objects()
                .filter(c -> c.string("restartPolicy").filter("Always"::equals).isPresent()),
            pod.spec().array("containers").objects())
        .flatMap(c -> c.array("ports").objects())
        .filter(p -> p.integer("hostPort").orElse(0) > 0)
        .map(
            p ->
                new HostPort(
                    p.string("hostIP").filter(a -> !a.isEmpty()).orElse(ANY),
                    p.string("protocol").orElse("TCP"),
                    p.integer("hostPort").getAsLong()))
        .toList();
  }
}
