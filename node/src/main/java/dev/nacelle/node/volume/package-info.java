/** Volumes of pods on this host. Start at {@link dev.nacelle.node.volume.Volumes}. */
@NullMarked
package dev.nacelle.node.volume;

import org.jspecify.annotations.NullMarked;
