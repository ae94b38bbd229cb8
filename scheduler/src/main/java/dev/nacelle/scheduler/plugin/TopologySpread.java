package dev.nacelle.scheduler.plugin;

import dev.nacelle.scheduler.cluster.ClusterSnapshot;
import dev.nacelle.scheduler.cluster.NodeInfo;
import dev.nacelle.scheduler.cluster.PendingPod;
import dev.nacelle.scheduler.cluster.PodFacts;
import dev.nacelle.scheduler.cluster.SpreadConstraint;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Topology spread constraints: hard ones as a filter, soft ones as a score. */
final class TopologySpread {
  private static final String HOSTNAME = "kubernetes.io/hostname";
  private static final String ZONE = "topology.kubernetes.io/zone";

  private TopologySpread() {}

  private static int matching(SpreadConstraint constraint, PendingPod pod, NodeInfo node) {
    int count = 0;
    for (PodFacts other : node.pods()) {
      if (!other.terminating()
          && other.namespace().equals(pod.facts().namespace())
          && constraint.selector().matches(other.labels())) {
        count++;
      }
    }
    return count;
  }

  private static boolean counts(SpreadConstraint constraint, PendingPod pod, NodeInfo node) {
    boolean wanted =
        constraint.nodeAffinityPolicy() == SpreadConstraint.Policy.IGNORE || pod.wants(node);
    return wanted
        && (constraint.nodeTaintsPolicy() == SpreadConstraint.Policy.IGNORE
            || pod.repelledBy(node).isEmpty());
  }

  /** The constraints that must hold. */
  record Filter() implements FilterPlugin {
    @Override
    public String name() {
      return "PodTopologySpread";
    }

    @Override
    public Set<ClusterEvent> cures() {
      return Set.of(
          ClusterEvent.NODE_ADDED,
          ClusterEvent.NODE_LABELS,
          ClusterEvent.POD_PLACED,
          ClusterEvent.POD_REMOVED);
    }

    @Override
    public Test prepare(PendingPod pod, ClusterSnapshot snapshot) {
      List<SpreadConstraint> hard =
          pod.spread().stream()
              .filter(c -> c.when() == SpreadConstraint.When.DO_NOT_SCHEDULE)
              .toList();
      if (hard.isEmpty()) {
        return node -> Verdict.FITS;
      }
      List<Domains> counted = new ArrayList<>();
      hard.forEach(c -> counted.add(Domains.count(c, pod, hard, snapshot)));
      return node -> {
        for (Domains domains : counted) {
          Verdict verdict = domains.test(pod, node);
          if (verdict instanceof Verdict.Refused) {
            return verdict;
          }
        }
        return Verdict.FITS;
      };
    }
  }

  /** How many matching pods there are in each domain, and on each node of it. */
  private record Domains(
      SpreadConstraint constraint, Map<String, Integer> perDomain, Map<String, Integer> perNode) {

    static Domains count(
        SpreadConstraint constraint,
        PendingPod pod,
        List<SpreadConstraint> all,
        ClusterSnapshot snapshot) {
      Map<String, Integer> perDomain = new HashMap<>();
      Map<String, Integer> perNode = new HashMap<>();
      for (NodeInfo node : snapshot.nodes()) {
        boolean hasKeys = all.stream().allMatch(c -> node.labels().containsKey(c.topologyKey()));
        if (hasKeys && counts(constraint, pod, node)) {
          int count = matching(constraint, pod, node);
          perNode.put(node.name(), count);
          perDomain.merge(node.labels().get(constraint.topologyKey()), count, Integer::sum);
        }
      }
      return new Domains(constraint, perDomain, perNode);
    }

    Verdict test(PendingPod pod, NodeInfo node) {
      String domain = node.labels().get(constraint.topologyKey());
      if (domain == null) {
        return Verdict.hopeless(
            "node(s) didn't match pod topology spread constraints (missing required label)");
      }
      int present = matching(constraint, pod, node);
      int change = present - perNode.getOrDefault(node.name(), present);
      int self = constraint.selector().matches(pod.facts().labels()) ? 1 : 0;
      int inDomain = perDomain.getOrDefault(domain, 0) + change;
      return inDomain + self - least(domain, change) > constraint.maxSkew()
          ? Verdict.refused("node(s) didn't match pod topology spread constraints")
          : Verdict.FITS;
    }

    private int least(String changed, int change) {
      if (perDomain.size() < constraint.minDomains()) {
        return 0;
      }
      int least = Integer.MAX_VALUE;
      for (var entry : perDomain.entrySet()) {
        int count = entry.getValue() + (entry.getKey().equals(changed) ? change : 0);
        least = Math.min(least, count);
      }
      return perDomain.isEmpty() ? 0 : least;
    }
  }

  /** The constraints that should hold; without any, the pods of one owner are spread. */
  record Score() implements ScorePlugin {
    @Override
    public String name() {
      return "PodTopologySpread";
    }

    @Override
    public int weight() {
      return 2;
    }

    @Override
    public long[] scores(PendingPod pod, List<NodeInfo> nodes, ClusterSnapshot snapshot) {
      double[] crowds = new double[nodes.size()];
      if (pod.spread().isEmpty()) {
        if (!pod.facts().controller().isEmpty()) {
          addSiblings(crowds, HOSTNAME, 3, pod, nodes, snapshot);
          addSiblings(crowds, ZONE, 5, pod, nodes, snapshot);
        }
      } else {
        pod.spread().stream()
            .filter(c -> c.when() == SpreadConstraint.When.SCHEDULE_ANYWAY)
            .forEach(c -> addConstraint(crowds, c, pod, nodes, snapshot));
      }
      return normalised(crowds);
    }

    private static void addConstraint(
        double[] crowds,
        SpreadConstraint constraint,
        PendingPod pod,
        List<NodeInfo> nodes,
        ClusterSnapshot snapshot) {
      Map<String, Integer> perDomain = new HashMap<>();
      for (NodeInfo node : snapshot.nodes()) {
        String domain = node.labels().get(constraint.topologyKey());
        if (domain != null && counts(constraint, pod, node)) {
          perDomain.merge(domain, matching(constraint, pod, node), Integer::sum);
        }
      }
      add(crowds, constraint.topologyKey(), constraint.maxSkew(), perDomain, nodes);
    }

    private static void addSiblings(
        double[] crowds,
        String key,
        int maxSkew,
        PendingPod pod,
        List<NodeInfo> nodes,
        ClusterSnapshot snapshot) {
      Map<String, Integer> perDomain = new HashMap<>();
      String controller = pod.facts().controller();
      for (NodeInfo node : snapshot.nodes()) {
        String domain = node.labels().get(key);
        if (domain != null) {
          int count = 0;
          for (PodFacts other : node.pods()) {
            count += other.controller().equals(controller) ? 1 : 0;
          }
          perDomain.merge(domain, count, Integer::sum);
        }
      }
      add(crowds, key, maxSkew, perDomain, nodes);
    }

    /** Many small domains weigh as much as few large ones; a larger skew blurs small counts. */
    private static void add(
        double[] crowds,
        String key,
        int maxSkew,
        Map<String, Integer> perDomain,
        List<NodeInfo> nodes) {
      double weight = Math.log(perDomain.size() + 2);
      for (int i = 0; i < crowds.length; i++) {
        String domain = nodes.get(i).labels().get(key);
        if (domain != null) {
          crowds[i] += perDomain.getOrDefault(domain, 0) * weight + (maxSkew - 1);
        }
      }
    }

    private static long[] normalised(double[] crowds) {
      double most = 0;
      double least = Double.MAX_VALUE;
      for (double crowd : crowds) {
        most = Math.max(most, crowd);
        least = Math.min(least, crowd);
      }
      long[] scores = new long[crowds.length];
      for (int i = 0; i < scores.length; i++) {
        scores[i] = most == 0 ? MOST : (long) (MOST * (most + least - crowds[i]) / most);
      }
      return scores;
    }
  }
}
