package dev.nacelle.scheduler.plugin;

import dev.nacelle.scheduler.cluster.ClusterSnapshot;
import dev.nacelle.scheduler.cluster.NodeInfo;
import dev.nacelle.scheduler.cluster.PendingPod;
import java.util.List;

/** A preference among nodes. Pure. */
public interface ScorePlugin {
  int MOST = 100;

  String name();

  int weight();

  /** From 0 to 100 for each node, in their order. */
  long[] scores(PendingPod pod, List<NodeInfo> nodes, ClusterSnapshot snapshot);
}
