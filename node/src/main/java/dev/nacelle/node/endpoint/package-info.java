/**
 * What the node answers about its pods, shaped as the kubelet's endpoint: logs, exec, attach,
 * stats, metrics. Start at {@link dev.nacelle.node.endpoint.NodeEndpoint}. Must not know how a pod
 * is run.
 */
@NullMarked
package dev.nacelle.node.endpoint;

import org.jspecify.annotations.NullMarked;
