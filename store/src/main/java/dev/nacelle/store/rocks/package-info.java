/**
 * The store embedded in RocksDB. Start at {@link dev.nacelle.store.rocks.RocksStore}; {@code
 * Layout} says what lies where on disk. One thread writes ({@code Committer}), one hands durable
 * revisions to the watches ({@code Feed}), readers use snapshots.
 */
@NullMarked
package dev.nacelle.store.rocks;

import org.jspecify.annotations.NullMarked;
