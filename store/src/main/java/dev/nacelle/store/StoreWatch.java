package dev.nacelle.store;

import java.time.Duration;

/**
 * A stream of changes: gapless, each once, in revision order, only durable ones. A slow reader
 * costs bounded memory and holds up nobody: what it missed is read back from history. Polled by one
 * thread at a time; the other methods are for any thread.
 */
public interface StoreWatch extends AutoCloseable {
  /**
   * Waits for the next batch. When {@code timeout} passes first, the batch has no events.
   *
   * @throws CompactedException if the next event was compacted; final: list again and watch anew
   * @throws StoreException if the watch or the store is closed; final
   */
  WatchBatch poll(Duration timeout) throws InterruptedException;

  /**
   * Asks that a poll returns soon with a batch, maybe without events, whose revision is at least
   * the store's revision now.
   */
  void requestProgress();

  /** Ends the watch and wakes its reader. Idempotent. */
  @Override
  void close();
}
