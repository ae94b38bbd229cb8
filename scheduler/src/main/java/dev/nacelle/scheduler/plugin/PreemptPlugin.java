package dev.nacelle.scheduler.plugin;

import dev.nacelle.scheduler.cluster.ClusterSnapshot;
import dev.nacelle.scheduler.cluster.PendingPod;
import dev.nacelle.scheduler.cluster.PodFacts;
import java.util.List;
import java.util.Map;

/** Finds pods that should make room for one that fits nowhere. Pure. */
public interface PreemptPlugin {

  /** What was found. */
  sealed interface Answer {
    /** These pods should leave the node. */
    record Preempt(String node, List<PodFacts> victims) implements Answer {
      public Preempt {
        victims = List.copyOf(victims);
      }
    }

    /** Nothing would help; why, as upstream words it. */
    record Futile(String message) implements Answer {}
  }

  Answer preempt(
      PendingPod pod,
      ClusterSnapshot snapshot,
      Map<String, Verdict.Refused> refusals,
      List<FilterPlugin.Test> filters);
}
