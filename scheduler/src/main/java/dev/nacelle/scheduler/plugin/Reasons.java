package dev.nacelle.scheduler.plugin;

import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Counts why nodes were refused, and words it as upstream does. For one thread. */
public final class Reasons {
  private final Map<String, Integer> counts = new TreeMap<>();

  public void add(String reason) {
    counts.merge(reason, 1, Integer::sum);
  }

  /** {@code 0/3 nodes are available: 1 Insufficient cpu, 2 Too many pods.} */
  public String message(int nodes) {
    return counts.entrySet().stream()
        .map(e -> e.getValue() + " " + e.getKey())
        .sorted()
        .collect(Collectors.joining(", ", "0/" + nodes + " nodes are available: ", "."));
  }
}
