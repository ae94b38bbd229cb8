package dev.nacelle.scheduler.cluster;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.base.json.JsonObject;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A pod that waits for a node: what it weighs, and where it wants to be.
 *
 * @param required empty: any node will do; else one of the terms must match
 * @param nominatedNode the node on which room is being made for it; empty if none
 */
public record PendingPod(
    KubeObject object,
    PodFacts facts,
    Map<String, String> nodeSelector,
    Optional<List<NodeTerm>> required,
    List<Preference> preferred,
    List<Toleration> tolerations,
    List<SpreadConstraint> spread,
    List<String> images,
    boolean mayPreempt,
    String nominatedNode) {

  /** A preferred node term. */
  public record Preference(int weight, NodeTerm term) {}

  public static PendingPod of(KubeObject pod) {
    JsonObject spec = pod.spec();
    JsonObject affinity = spec.object("affinity", "nodeAffinity");
    String requiredName = "requiredDuringSchedulingIgnoredDuringExecution";
    return new PendingPod(
        pod,
        PodFacts.of(pod),
        spec.strings("nodeSelector"),
        affinity.has(requiredName)
            ? Optional.of(
                affinity
                    .array(requiredName, "nodeSelectorTerms")
                    .objects()
                    .map(NodeTerm::of)
                    .toList())
            : Optional.empty(),
        affinity
            .array("preferredDuringSchedulingIgnoredDuringExecution")
            .objects()
            .map(
                p ->
                    new Preference(
                        (int) p.integer("weight").orElse(0), NodeTerm.of(p.object("preference"))))
            .toList(),
        spec.array("tolerations").objects().map(Toleration::of).toList(),
        SpreadConstraint.of(pod),
        spec.array("containers").objects().flatMap(c -> c.string("image").stream()).toList(),
        !spec.string("preemptionPolicy").orElse("").equals("Never"),
        pod.status().string("nominatedNodeName").orElse(""));
  }

  public ObjectKey key() {
    return facts.key();
  }

  public String uid() {
    return facts.uid();
  }

  public int priority() {
    return facts.priority();
  }

  /** Whether the node has the labels that the pod's selector and required affinity ask for. */
  public boolean wants(NodeInfo node) {
    for (var label : nodeSelector.entrySet()) {
      if (!label.getValue().equals(node.labels().get(label.getKey()))) {
        return false;
      }
    }
    return required.isEmpty() || required.get().stream().anyMatch(t -> t.matches(node));
  }

  public boolean tolerates(Taint taint) {
    return tolerations.stream().anyMatch(t -> t.tolerates(taint));
  }

  /** The first taint that keeps the pod away. */
  public Optional<Taint> repelledBy(NodeInfo node) {
    return node.taints().stream().filter(Taint::repels).filter(t -> !tolerates(t)).findFirst();
  }
}
