/**
 * What placements are decided on: nodes, and pods as the scheduler sees them. Start at {@link
 * dev.nacelle.scheduler.cluster.ClusterSnapshot}. Everything is immutable but {@link
 * dev.nacelle.scheduler.cluster.ClusterState}, which makes the snapshots.
 */
@NullMarked
package dev.nacelle.scheduler.cluster;

import org.jspecify.annotations.NullMarked;
