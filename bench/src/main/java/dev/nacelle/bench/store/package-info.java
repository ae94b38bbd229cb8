/** Figures of the store. Start at {@link dev.nacelle.bench.store.StoreBench}. */
@NullMarked
package dev.nacelle.bench.store;

import org.jspecify.annotations.NullMarked;
