package dev.nacelle.scheduler.plugin;

import dev.nacelle.scheduler.cluster.ClusterSnapshot;
import dev.nacelle.scheduler.cluster.NodeInfo;
import dev.nacelle.scheduler.cluster.PendingPod;
import java.util.Set;

/** A rule that a node must meet. Pure. */
public interface FilterPlugin {

  String name();

  /** What can turn a refusal into a yes; a new node always can. */
  Set<ClusterEvent> cures();

  /** The rule for one pod; looks at the whole cluster at most once. */
  Test prepare(PendingPod pod, ClusterSnapshot snapshot);

  /** The rule for one pod, on one node: as it is, or as it would be with other pods. */
  @FunctionalInterface
  interface Test {
    Verdict on(NodeInfo node);
  }
}
