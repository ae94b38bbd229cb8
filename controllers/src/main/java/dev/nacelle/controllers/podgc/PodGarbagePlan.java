package dev.nacelle.controllers.podgc;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.controllers.shared.PodStates;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Set;

/**
 * Pods to remove at once, without grace.
 *
 * @param ended the oldest finished ones above the threshold
 * @param orphaned on nodes that are not known; to be verified
 * @param unplaced deleted before they had a node
 */
record PodGarbagePlan(
    List<KubeObject> ended, List<KubeObject> orphaned, List<KubeObject> unplaced) {

  static PodGarbagePlan of(List<KubeObject> pods, Set<String> nodes, int threshold) {
    List<KubeObject> finished = pods.stream().filter(PodStates::isFinished).toList();
    List<KubeObject> ended =
        finished.stream()
            .sorted(
                Comparator.comparing(
                        (KubeObject pod) -> pod.creationTimestamp().orElse(Instant.EPOCH))
                    .thenComparing(KubeObject::key))
            .limit(Math.max(0, finished.size() - threshold))
            .toList();
    List<KubeObject> orphaned =
        pods.stream()
            .filter(pod -> !PodStates.nodeName(pod).isEmpty())
            .filter(pod -> !nodes.contains(PodStates.nodeName(pod)))
            .toList();
    List<KubeObject> unplaced =
        pods.stream()
            .filter(pod -> pod.isBeingDeleted() && PodStates.nodeName(pod).isEmpty())
            .toList();
    return new PodGarbagePlan(ended, orphaned, unplaced);
  }
}
