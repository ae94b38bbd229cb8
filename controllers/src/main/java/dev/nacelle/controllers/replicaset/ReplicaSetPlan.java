package dev.nacelle.controllers.replicaset;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.controllers.shared.PodRanking;
import dev.nacelle.controllers.shared.PodStates;
import java.time.Instant;
import java.util.List;

/** How many pods a ReplicaSet is to create, or which ones to delete; never both. */
record ReplicaSetPlan(int create, List<KubeObject> delete) {
  /** At most so many at once; the rest comes with the next reconciliation. */
  static final int BURST = 500;

  ReplicaSetPlan {
    delete = List.copyOf(delete);
  }

  /**
   * @param pods what the set controls
   * @param related the pods of its siblings, which count for the spread over nodes
   */
  static ReplicaSetPlan of(
      KubeObject set, List<KubeObject> pods, List<KubeObject> related, Instant now) {
    if (set.isBeingDeleted()) {
      return new ReplicaSetPlan(0, List.of());
    }
    List<KubeObject> active = pods.stream().filter(PodStates::isActive).toList();
    int difference = active.size() - replicas(set);
    if (difference < 0) {
      return new ReplicaSetPlan(Math.min(BURST, -difference), List.of());
    }
    int excess = Math.min(BURST, difference);
    if (excess == 0) {
      return new ReplicaSetPlan(0, List.of());
    }
    return new ReplicaSetPlan(0, PodRanking.deletionOrder(active, related, now).subList(0, excess));
  }

  static int replicas(KubeObject set) {
    return (int) set.spec().integer("replicas").orElse(1);
  }
}
