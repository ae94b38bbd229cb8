/**
 * The life of nodes: their pod ranges, their silence, the pods that must leave them. Start at
 * {@link dev.nacelle.controllers.node.NodeHealthPlan} and {@link
 * dev.nacelle.controllers.node.PodRangePlan}.
 */
@NullMarked
package dev.nacelle.controllers.node;

import org.jspecify.annotations.NullMarked;
