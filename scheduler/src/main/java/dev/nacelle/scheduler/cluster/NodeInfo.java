package dev.nacelle.scheduler.cluster;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.Quantity;
import dev.nacelle.base.json.JsonObject;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A node and the pods on it. Immutable: a placement makes a new one.
 *
 * @param maxPods how many pods it takes
 * @param images sizes in bytes by reference
 * @param requested the sum over the pods, as is {@code usual}
 */
public record NodeInfo(
    String name,
    Map<String, String> labels,
    List<Taint> taints,
    boolean unschedulable,
    Amounts allocatable,
    long maxPods,
    Map<String, Long> images,
    List<PodFacts> pods,
    Amounts requested,
    Amounts usual) {

  /** An empty node. */
  public static NodeInfo of(KubeObject node) {
    JsonObject status = node.status();
    JsonObject allocatable =
        status.has("allocatable") ? status.object("allocatable") : status.object("capacity");
    return new NodeInfo(
        node.name(),
        Map.copyOf(node.labels()),
        node.spec().array("taints").objects().map(Taint::of).toList(),
        node.spec().bool("unschedulable").orElse(false),
        Amounts.of(allocatable),
        allocatable.get("pods").flatMap(Quantity::read).orElse(Quantity.ZERO).units(),
        images(status),
        List.of(),
        Amounts.NONE,
        Amounts.NONE);
  }

  private static Map<String, Long> images(JsonObject status) {
    Map<String, Long> sizes = new HashMap<>();
    for (JsonObject image : status.array("images").objects().toList()) {
      long size = image.integer("sizeBytes").orElse(0);
      image.array("names").strings().forEach(name -> sizes.put(name, size));
    }
    return Map.copyOf(sizes);
  }

  public NodeInfo with(PodFacts pod) {
    var more = new ArrayList<PodFacts>(pods.size() + 1);
    more.addAll(pods);
    more.add(pod);
    return withPods(more, requested.plus(pod.requests()), usual.plus(pod.usual()));
  }

  /** Without the pod; the same if it is not here. */
  public NodeInfo without(String uid) {
    for (PodFacts pod : pods) {
      if (pod.uid().equals(uid)) {
        var fewer = new ArrayList<PodFacts>(pods.size());
        pods.stream().filter(p -> p != pod).forEach(fewer::add);
        return withPods(fewer, requested.minus(pod.requests()), usual.minus(pod.usual()));
      }
    }
    return this;
  }

  /** The same pods on another description of the node. */
  NodeInfo movedTo(NodeInfo description) {
    return description.withPods(pods, requested, usual);
  }

  private NodeInfo withPods(List<PodFacts> nextPods, Amounts nextRequested, Amounts nextUsual) {
    return new NodeInfo(
        name,
        labels,
        taints,
        unschedulable,
        allocatable,
        maxPods,
        images,
        nextPods,
        nextRequested,
        nextUsual);
  }
}
