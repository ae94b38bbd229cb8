package dev.nacelle.scheduler.plugin;

import java.util.List;

/** The rules of placement, in their order. */
public record Plugins(
    List<FilterPlugin> filters, List<ScorePlugin> scores, PreemptPlugin preemption) {

  /** What the scheduler runs; a node is refused by the first filter that says so. */
  public static final Plugins ALL =
      new Plugins(
          List.of(
              new NodeFilters.NodeUnschedulable(),
              new NodeFilters.NodeName(),
              new NodeFilters.TaintToleration(),
              new NodeFilters.NodeAffinity(),
              new NodeFilters.NodePorts(),
              new NodeResourcesFit(),
              new TopologySpread.Filter()),
          List.of(
              new NodeScores.TaintToleration(),
              new NodeScores.NodeAffinity(),
              new NodeScores.LeastAllocated(),
              new TopologySpread.Score(),
              new NodeScores.BalancedAllocation(),
              new NodeScores.ImageLocality()),
          new PriorityPreemption());

  public Plugins {
    filters = List.copyOf(filters);
    scores = List.copyOf(scores);
  }
}
