/**
 * What the node stands on, in memory: an API, a runtime, an image store and a datapath that a test
 * steers by hand. Start at {@link dev.nacelle.testkit.node.NodeRig}.
 */
@NullMarked
package dev.nacelle.testkit.node;

import org.jspecify.annotations.NullMarked;
