package dev.nacelle.scheduler.plugin;

import dev.nacelle.scheduler.cluster.Amounts;
import dev.nacelle.scheduler.cluster.ClusterSnapshot;
import dev.nacelle.scheduler.cluster.NodeInfo;
import dev.nacelle.scheduler.cluster.PendingPod;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Whether the node has the amounts that the pod asks for, and room for one more pod. */
record NodeResourcesFit() implements FilterPlugin {
  @Override
  public String name() {
    return "NodeResourcesFit";
  }

  @Override
  public Set<ClusterEvent> cures() {
    return Set.of(ClusterEvent.NODE_ADDED, ClusterEvent.NODE_RESOURCES, ClusterEvent.POD_REMOVED);
  }

  @Override
  public Test prepare(PendingPod pod, ClusterSnapshot snapshot) {
    Amounts wanted = pod.facts().requests();
    return node -> test(wanted, node);
  }

  private static Verdict test(Amounts wanted, NodeInfo node) {
    Amounts all = node.allocatable();
    Amounts used = node.requested();
    var check = new Check();
    check.amount("cpu", wanted.cpuMillis(), used.cpuMillis(), all.cpuMillis());
    check.amount("memory", wanted.memoryBytes(), used.memoryBytes(), all.memoryBytes());
    check.amount(
        "ephemeral-storage", wanted.ephemeralBytes(), used.ephemeralBytes(), all.ephemeralBytes());
    wanted
        .other()
        .forEach(
            (name, amount) ->
                check.amount(
                    name,
                    amount,
                    used.other().getOrDefault(name, 0L),
                    all.other().getOrDefault(name, 0L)));
    if (node.pods().size() + 1 > node.maxPods()) {
      check.reasons.addFirst("Too many pods");
    }
    return check.reasons.isEmpty()
        ? Verdict.FITS
        : new Verdict.Refused(
            check.reasons, check.hopeless ? Verdict.Cure.NONE : Verdict.Cure.FEWER_PODS);
  }

  /** Collects what is missing; for one thread. */
  private static final class Check {
    private final List<String> reasons = new ArrayList<>(0);
    private boolean hopeless;

    void amount(String name, long wanted, long used, long all) {
      if (wanted > 0 && wanted > all - used) {
        reasons.add("Insufficient " + name);
        hopeless |= wanted > all;
      }
    }
  }
}
