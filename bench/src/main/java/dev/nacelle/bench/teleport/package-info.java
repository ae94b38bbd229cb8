/**
 * A start from an image that is not here yet, beside one that is and beside containerd. Start at
 * {@link dev.nacelle.bench.teleport.Teleport}.
 */
@NullMarked
package dev.nacelle.bench.teleport;

import org.jspecify.annotations.NullMarked;
