package dev.nacelle.scheduler.cluster;

import java.util.List;
import java.util.Map;

/**
 * The cluster at one moment.
 *
 * @param nodes in a stable order
 * @param nominated pods for which room is being made, by node
 */
public record ClusterSnapshot(List<NodeInfo> nodes, Map<String, List<PodFacts>> nominated) {}
