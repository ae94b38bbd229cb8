/**
 * The node agent: makes the pods that are bound to this host run, and says how they are. Start at
 * {@link dev.nacelle.node.NodeAgent}; the life of one pod is {@link dev.nacelle.node.pod}. Must not
 * know of the store or of other parts: it watches and writes through the API.
 */
@NullMarked
package dev.nacelle.node;

import org.jspecify.annotations.NullMarked;
