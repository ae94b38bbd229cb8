/** Probes and lifecycle hooks. Start at {@link dev.nacelle.node.probe.Prober}. */
@NullMarked
package dev.nacelle.node.probe;

import org.jspecify.annotations.NullMarked;
