package dev.nacelle.store.rocks;

/**
 * A decision for the {@link Committer}: runs on its thread, sees all that was decided before it,
 * and adds its writes to the batch.
 */
interface Job<T> {
  /**
   * Refuses by {@link dev.nacelle.store.LeaseNotFoundException}, {@link
   * dev.nacelle.store.CompactedException} or {@link dev.nacelle.store.FutureRevisionException}, and
   * then has not written to the batch. Any other exception ends all writing.
   */
  T decide(CommitBatch batch);
}
