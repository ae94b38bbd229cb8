package dev.nacelle.scheduler.plugin;

import static dev.nacelle.scheduler.plugin.ClusterEvent.NODE_ADDED;
import static dev.nacelle.scheduler.plugin.ClusterEvent.NODE_LABELS;
import static dev.nacelle.scheduler.plugin.ClusterEvent.NODE_TAINTS;
import static dev.nacelle.scheduler.plugin.ClusterEvent.POD_REMOVED;

import dev.nacelle.scheduler.cluster.ClusterSnapshot;
import dev.nacelle.scheduler.cluster.HostPort;
import dev.nacelle.scheduler.cluster.NodeInfo;
import dev.nacelle.scheduler.cluster.PendingPod;
import dev.nacelle.scheduler.cluster.PodFacts;
import dev.nacelle.scheduler.cluster.Taint;
import java.util.List;
import java.util.Set;

/** The filters that look at one node alone. */
final class NodeFilters {
  private NodeFilters() {}

  /** Cordoned nodes. */
  record NodeUnschedulable() implements FilterPlugin {
    private static final Taint CORDON =
        new Taint("node.kubernetes.io/unschedulable", "", "NoSchedule");

    @Override
    public String name() {
      return "NodeUnschedulable";
    }

    @Override
    public Set<ClusterEvent> cures() {
      return Set.of(NODE_ADDED, NODE_TAINTS);
    }

    @Override
    public Test prepare(PendingPod pod, ClusterSnapshot snapshot) {
      boolean tolerated = pod.tolerates(CORDON);
      return node ->
          node.unschedulable() && !tolerated
              ? Verdict.hopeless("node(s) were unschedulable")
              : Verdict.FITS;
    }
  }

  /** A name given in the pod; it is bound already then, but a client may still ask. */
  record NodeName() implements FilterPlugin {
    @Override
    public String name() {
      return "NodeName";
    }

    @Override
    public Set<ClusterEvent> cures() {
      return Set.of(NODE_ADDED);
    }

    @Override
    public Test prepare(PendingPod pod, ClusterSnapshot snapshot) {
      String wanted = pod.object().spec().string("nodeName").orElse("");
      return node ->
          wanted.isEmpty() || wanted.equals(node.name())
              ? Verdict.FITS
              : Verdict.hopeless("node(s) didn't match the requested node name");
    }
  }

  /** Taints that keep pods away. */
  record TaintToleration() implements FilterPlugin {
    @Override
    public String name() {
      return "TaintToleration";
    }

    @Override
    public Set<ClusterEvent> cures() {
      return Set.of(NODE_ADDED, NODE_TAINTS);
    }

    @Override
    public Test prepare(PendingPod pod, ClusterSnapshot snapshot) {
      return node ->
          pod.repelledBy(node)
              .map(
                  taint ->
                      Verdict.hopeless(
                          "node(s) had untolerated taint {%s: %s}"
                              .formatted(taint.key(), taint.value())))
              .orElse(Verdict.FITS);
    }
  }

  /** The node selector and the required node affinity. */
  record NodeAffinity() implements FilterPlugin {
    @Override
    public String name() {
      return "NodeAffinity";
    }

    @Override
    public Set<ClusterEvent> cures() {
      return Set.of(NODE_ADDED, NODE_LABELS);
    }

    @Override
    public Test prepare(PendingPod pod, ClusterSnapshot snapshot) {
      return node ->
          pod.wants(node)
              ? Verdict.FITS
              : Verdict.hopeless("node(s) didn't match Pod's node affinity/selector");
    }
  }

  /** Ports of the node. */
  record NodePorts() implements FilterPlugin {
    @Override
    public String name() {
      return "NodePorts";
    }

    @Override
    public Set<ClusterEvent> cures() {
      return Set.of(NODE_ADDED, POD_REMOVED);
    }

    @Override
    public Test prepare(PendingPod pod, ClusterSnapshot snapshot) {
      List<HostPort> wanted = pod.facts().hostPorts();
      if (wanted.isEmpty()) {
        return node -> Verdict.FITS;
      }
      return node ->
          isFree(node, wanted)
              ? Verdict.FITS
              : Verdict.refused("node(s) didn't have free ports for the requested pod ports");
    }

    private static boolean isFree(NodeInfo node, List<HostPort> wanted) {
      for (PodFacts other : node.pods()) {
        for (HostPort used : other.hostPorts()) {
          if (wanted.stream().anyMatch(used::conflictsWith)) {
            return false;
          }
        }
      }
      return true;
    }
  }
}
