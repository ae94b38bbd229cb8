package dev.nacelle.scheduler;

import dev.nacelle.scheduler.cluster.ClusterSnapshot;
import dev.nacelle.scheduler.cluster.NodeInfo;
import dev.nacelle.scheduler.cluster.PendingPod;
import dev.nacelle.scheduler.cluster.PodFacts;
import dev.nacelle.scheduler.plugin.FilterPlugin;
import dev.nacelle.scheduler.plugin.Plugins;
import dev.nacelle.scheduler.plugin.PreemptPlugin.Answer;
import dev.nacelle.scheduler.plugin.Reasons;
import dev.nacelle.scheduler.plugin.ScorePlugin;
import dev.nacelle.scheduler.plugin.Verdict;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;

/** Where a pod goes. */
sealed interface Placement {

  /** To this node. */
  record OnNode(String node) implements Placement {}

  /**
   * Nowhere, as things are.
   *
   * @param message as the event says it
   * @param refusers the names of the filters that said no
   * @param preemption pods that are to make room for it
   */
  record Nowhere(String message, Set<String> refusers, Optional<Answer.Preempt> preemption)
      implements Placement {}

  /** Of nodes of the same score one is drawn. */
  static Placement of(
      PendingPod pod,
      ClusterSnapshot snapshot,
      Plugins plugins,
      Sample sample,
      RandomGenerator random) {
    if (snapshot.nodes().isEmpty()) {
      return new Nowhere("no nodes available to schedule pods", Set.of(), Optional.empty());
    }
    var search = new Search(pod, snapshot, plugins);
    List<NodeInfo> feasible = search.feasible(sample);
    return feasible.isEmpty() ? search.nowhere() : new OnNode(search.best(feasible, random).name());
  }

  /**
   * In a large cluster not every node is looked at.
   *
   * @param start the index of the first node to look at
   */
  record Sample(int start) {
    private static final int ALWAYS = 100;

    /** How many feasible nodes are enough, by upstream's rule. */
    static int enough(int nodes) {
      if (nodes <= ALWAYS) {
        return nodes;
      }
      int percent = Math.max(5, 50 - nodes / 125);
      return Math.max(ALWAYS, nodes * percent / 100);
    }
  }

  /** One decision; for one thread. */
  final class Search {
    private final PendingPod pod;
    private final ClusterSnapshot snapshot;
    private final Plugins plugins;
    private final List<FilterPlugin.Test> tests = new ArrayList<>();
    private final Map<String, Verdict.Refused> refusals = new HashMap<>();
    private final Set<String> refusers = new HashSet<>();

    Search(PendingPod pod, ClusterSnapshot snapshot, Plugins plugins) {
      this.pod = pod;
      this.snapshot = snapshot;
      this.plugins = plugins;
      plugins.filters().forEach(f -> tests.add(f.prepare(pod, snapshot)));
    }

    List<NodeInfo> feasible(Sample sample) {
      List<NodeInfo> nodes = snapshot.nodes();
      if (!pod.nominatedNode().isEmpty()) {
        for (NodeInfo node : nodes) {
          if (node.name().equals(pod.nominatedNode()) && fits(node)) {
            return List.of(node);
          }
        }
      }
      int enough = Sample.enough(nodes.size());
      var feasible = new ArrayList<NodeInfo>();
      for (int i = 0; i < nodes.size() && feasible.size() < enough; i++) {
        NodeInfo node = nodes.get((sample.start() + i) % nodes.size());
        if (fits(node)) {
          feasible.add(node);
        }
      }
      return feasible;
    }

    /**
     * The room of nominated pods that matter as much is taken; but it must fit without them too.
     */
    private boolean fits(NodeInfo node) {
      NodeInfo fuller = node;
      boolean awaited = false;
      for (PodFacts other : snapshot.nominated().getOrDefault(node.name(), List.of())) {
        if (other.priority() >= pod.priority() && !other.uid().equals(pod.uid())) {
          fuller = fuller.with(other);
          awaited = true;
        }
      }
      return passes(node, fuller) && (!awaited || passes(node, node));
    }

    private boolean passes(NodeInfo node, NodeInfo as) {
      for (int i = 0; i < tests.size(); i++) {
        if (tests.get(i).on(as) instanceof Verdict.Refused refused) {
          refusals.put(node.name(), refused);
          refusers.add(plugins.filters().get(i).name());
          return false;
        }
      }
      return true;
    }

    NodeInfo best(List<NodeInfo> feasible, RandomGenerator random) {
      if (feasible.size() == 1) {
        return feasible.getFirst();
      }
      long[] totals = new long[feasible.size()];
      for (ScorePlugin plugin : plugins.scores()) {
        long[] scores = plugin.scores(pod, feasible, snapshot);
        for (int i = 0; i < totals.length; i++) {
          totals[i] += scores[i] * plugin.weight();
        }
      }
      int best = 0;
      int equals = 1;
      for (int i = 1; i < totals.length; i++) {
        if (totals[i] > totals[best]) {
          best = i;
          equals = 1;
        } else if (totals[i] == totals[best] && random.nextInt(++equals) == 0) {
          best = i;
        }
      }
      return feasible.get(best);
    }

    Nowhere nowhere() {
      var reasons = new Reasons();
      refusals.values().forEach(r -> r.reasons().forEach(reasons::add));
      String message = reasons.message(snapshot.nodes().size());
      return switch (plugins.preemption().preempt(pod, snapshot, refusals, tests)) {
        case Answer.Preempt preempt -> new Nowhere(message, refusers, Optional.of(preempt));
        case Answer.Futile futile ->
            new Nowhere(message + " preemption: " + futile.message(), refusers, Optional.empty());
      };
    }
  }
}
