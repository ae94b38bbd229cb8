package dev.nacelle.scheduler.cluster;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The cluster as last seen, and what was decided since: a placement counts from its decision on, so
 * that the next one sees it. A snapshot costs what has changed since the last. Safe for any thread.
 */
public final class ClusterState {
  private record Placement(PodFacts pod, String node) {}

  /** Guarded by this, as all below. Nodes that are not (or no longer) known are not in here. */
  private final Map<String, NodeInfo> nodes = new LinkedHashMap<>();

  private final Map<String, Placement> placements = new HashMap<>();
  private final Map<String, Placement> nominations = new HashMap<>();
  private ClusterSnapshot last = new ClusterSnapshot(List.of(), Map.of());
  private boolean changed;

  public synchronized void putNode(NodeInfo description) {
    NodeInfo present = nodes.get(description.name());
    NodeInfo next = description;
    if (present != null) {
      next = present.movedTo(description);
    } else {
      for (Placement placement : placements.values()) {
        if (placement.node().equals(description.name())) {
          next = next.with(placement.pod());
        }
      }
    }
    nodes.put(description.name(), next);
    changed = true;
  }

  public synchronized void removeNode(String name) {
    nodes.remove(name);
    changed = true;
  }

  /** The pod is on the node, or has just been decided to go there. */
  public synchronized void place(PodFacts pod, String node) {
    removePod(pod.uid());
    placements.put(pod.uid(), new Placement(pod, node));
    NodeInfo present = nodes.get(node);
    if (present != null) {
      nodes.put(node, present.with(pod));
    }
    changed = true;
  }

  /** The pod is gone, or its placement failed. */
  public synchronized void removePod(String uid) {
    Placement placement = placements.remove(uid);
    if (placement != null) {
      NodeInfo present = nodes.get(placement.node());
      if (present != null) {
        nodes.put(placement.node(), present.without(uid));
      }
      changed = true;
    }
    changed |= nominations.remove(uid) != null;
  }

  /** Room is being made for the pod on a node. */
  public synchronized void nominate(PodFacts pod, String node) {
    nominations.put(pod.uid(), new Placement(pod, node));
    changed = true;
  }

  public synchronized void withdrawNomination(String uid) {
    changed |= nominations.remove(uid) != null;
  }

  public synchronized boolean isPlaced(String uid) {
    return placements.containsKey(uid);
  }

  public synchronized ClusterSnapshot snapshot() {
    if (changed) {
      Map<String, List<PodFacts>> nominated = new HashMap<>();
      nominations
          .values()
          .forEach(n -> nominated.computeIfAbsent(n.node(), x -> new ArrayList<>()).add(n.pod()));
      last =
          new ClusterSnapshot(
              Collections.unmodifiableList(new ArrayList<>(nodes.values())), nominated);
      changed = false;
    }
    return last;
  }
}
