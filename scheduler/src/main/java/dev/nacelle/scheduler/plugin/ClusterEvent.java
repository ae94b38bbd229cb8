package dev.nacelle.scheduler.plugin;

/** What may make a refused pod fit. */
public enum ClusterEvent {
  NODE_ADDED,
  NODE_LABELS,
  NODE_TAINTS,
  NODE_RESOURCES,
  POD_PLACED,
  POD_REMOVED
}
