/**
 * Sandboxes and containers on this host. Start at {@link dev.nacelle.runtime.ContainerRuntime}, the
 * seam; {@code BuiltInRuntime} stands on the keeper, the monitors and crun or runc. Knows nothing
 * of pods, images or networks: it gets mounted directories and hands out a network namespace.
 */
@NullMarked
package dev.nacelle.runtime;

import org.jspecify.annotations.NullMarked;
