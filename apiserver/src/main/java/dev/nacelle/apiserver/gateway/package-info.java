/**
 * The way from the API server to the nodes: logs, exec, attach and port-forward go to the endpoint
 * of the node that runs the pod, and so does what is asked of a node by its proxy subresource.
 * Start at {@link dev.nacelle.apiserver.gateway.NodeGateway}. Must not know what a node does with
 * them.
 */
@NullMarked
package dev.nacelle.apiserver.gateway;

import org.jspecify.annotations.NullMarked;
