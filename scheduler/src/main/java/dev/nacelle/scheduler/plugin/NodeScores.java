package dev.nacelle.scheduler.plugin;

import dev.nacelle.scheduler.cluster.Amounts;
import dev.nacelle.scheduler.cluster.ClusterSnapshot;
import dev.nacelle.scheduler.cluster.NodeInfo;
import dev.nacelle.scheduler.cluster.PendingPod;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;

/** The preferences that look at one node alone. */
final class NodeScores {
  private NodeScores() {}

  private static long[] each(List<NodeInfo> nodes, ToLongFunction<NodeInfo> score) {
    return nodes.stream().mapToLong(score).toArray();
  }

  /** Scales so that the largest becomes 100. */
  private static long[] scaled(long[] raw) {
    long most = 0;
    for (long score : raw) {
      most = Math.max(most, score);
    }
    if (most > 0) {
      for (int i = 0; i < raw.length; i++) {
        raw[i] = raw[i] * ScorePlugin.MOST / most;
      }
    }
    return raw;
  }

  /** Taints {@code PreferNoSchedule} that the pod does not tolerate: the fewer the better. */
  record TaintToleration() implements ScorePlugin {
    @Override
    public String name() {
      return "TaintToleration";
    }

    @Override
    public int weight() {
      return 3;
    }

    @Override
    public long[] scores(PendingPod pod, List<NodeInfo> nodes, ClusterSnapshot snapshot) {
      long[] scores =
          scaled(
              each(
                  nodes,
                  node ->
                      node.taints().stream()
                          .filter(t -> t.effect().equals("PreferNoSchedule"))
                          .filter(t -> !pod.tolerates(t))
                          .count()));
      for (int i = 0; i < scores.length; i++) {
        scores[i] = MOST - scores[i];
      }
      return scores;
    }
  }

  /** Preferred node affinity. */
  record NodeAffinity() implements ScorePlugin {
    @Override
    public String name() {
      return "NodeAffinity";
    }

    @Override
    public int weight() {
      return 2;
    }

    @Override
    public long[] scores(PendingPod pod, List<NodeInfo> nodes, ClusterSnapshot snapshot) {
      if (pod.preferred().isEmpty()) {
        return new long[nodes.size()];
      }
      return scaled(
          each(
              nodes,
              node ->
                  pod.preferred().stream()
                      .filter(p -> p.term().matches(node))
                      .mapToLong(PendingPod.Preference::weight)
                      .sum()));
    }
  }

  /** The mean of the shares of CPU and memory that would stay free. */
  record LeastAllocated() implements ScorePlugin {
    @Override
    public String name() {
      return "NodeResourcesFit";
    }

    @Override
    public int weight() {
      return 1;
    }

    @Override
    public long[] scores(PendingPod pod, List<NodeInfo> nodes, ClusterSnapshot snapshot) {
      return each(
          nodes,
          node -> {
            Amounts used = node.usual().plus(pod.facts().usual());
            Amounts all = node.allocatable();
            return (free(used.cpuMillis(), all.cpuMillis())
                    + free(used.memoryBytes(), all.memoryBytes()))
                / 2;
          });
    }

    private static long free(long used, long all) {
      return all <= 0 || used > all ? 0 : (long) ((double) (all - used) * MOST / all);
    }
  }

  /** CPU and memory used in like shares. */
  record BalancedAllocation() implements ScorePlugin {
    @Override
    public String name() {
      return "NodeResourcesBalancedAllocation";
    }

    @Override
    public int weight() {
      return 1;
    }

    @Override
    public long[] scores(PendingPod pod, List<NodeInfo> nodes, ClusterSnapshot snapshot) {
      return each(
          nodes,
          node -> {
            Amounts used = node.requested().plus(pod.facts().requests());
            Amounts all = node.allocatable();
            double cpu = share(used.cpuMillis(), all.cpuMillis());
            double memory = share(used.memoryBytes(), all.memoryBytes());
            return (long) ((1 - Math.abs(cpu - memory) / 2) * MOST);
          });
    }

    private static double share(long used, long all) {
      return all <= 0 ? 1 : Math.min(1, (double) used / all);
    }
  }

  /** Images that are there already, by size, less where few nodes have them. */
  record ImageLocality() implements ScorePlugin {
    private static final long LEAST_BYTES = 23L << 20;
    private static final long MOST_BYTES_PER_CONTAINER = 1000L << 20;

    @Override
    public String name() {
      return "ImageLocality";
    }

    @Override
    public int weight() {
      return 1;
    }

    @Override
    public long[] scores(PendingPod pod, List<NodeInfo> nodes, ClusterSnapshot snapshot) {
      if (nodes.size() < 2 || pod.images().isEmpty()) {
        return new long[nodes.size()];
      }
      Map<String, Double> spread = new HashMap<>();
      for (String image : pod.images()) {
        long having =
            snapshot.nodes().stream().filter(n -> n.images().containsKey(normal(image))).count();
        spread.put(image, (double) having / snapshot.nodes().size());
      }
      long most = MOST_BYTES_PER_CONTAINER * pod.images().size();
      return each(
          nodes,
          node -> {
            double sum = 0;
            for (String image : pod.images()) {
              sum +=
                  node.images().getOrDefault(normal(image), 0L) * spread.getOrDefault(image, 0.0);
            }
            double bounded = Math.clamp(sum, LEAST_BYTES, most);
            return (long) (MOST * (bounded - LEAST_BYTES) / (most - LEAST_BYTES));
          });
    }

    /** A reference without tag or digest means {@code latest}. */
    private static String normal(String image) {
      return image.lastIndexOf(':') <= image.lastIndexOf('/') ? image + ":latest" : image;
    }
  }
}
