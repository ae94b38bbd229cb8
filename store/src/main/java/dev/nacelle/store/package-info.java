/**
 * The multi-version store: every change has a revision, reads are snapshots, watches replay the
 * changes. Start at {@link dev.nacelle.store.Store}; the embedded engine is in {@code rocks}. Must
 * not know what a key or a value means.
 */
@NullMarked
package dev.nacelle.store;

import org.jspecify.annotations.NullMarked;
