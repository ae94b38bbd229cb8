/**
 * The contract of the store seam and the stores for tests. Start at {@link
 * dev.nacelle.testkit.store.StoreContract}; callers of a store test themselves against {@link
 * dev.nacelle.testkit.store.ForeignWriterStore}.
 */
@NullMarked
package dev.nacelle.testkit.store;

import org.jspecify.annotations.NullMarked;
