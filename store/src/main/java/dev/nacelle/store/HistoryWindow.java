package dev.nacelle.store;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.function.LongSupplier;

/**
 * Keeps some minutes of history: each {@link #tick} compacts what is older. The caller ticks from
 * one thread, about once a minute; a store that other writers compact too is no error.
 */
public final class HistoryWindow {
  /** As long as the API server of Kubernetes keeps history. */
  public static final Duration DEFAULT = Duration.ofMinutes(5);

  private static final int MAX_SAMPLES = 64;

  private record Sample(long nanos, long revision) {}

  private final Store store;
  private final long keepNanos;
  private final LongSupplier nanoTime;
  private final ArrayDeque<Sample> samples = new ArrayDeque<>();

  /**
   * @param nanoTime monotonic nanoseconds
   */
  public HistoryWindow(Store store, Duration keep, LongSupplier nanoTime) {
    this.store = store;
    this.keepNanos = keep.toNanos();
    this.nanoTime = nanoTime;
  }

  /** Notes the revision of this moment, and compacts up to the newest one noted long enough ago. */
  public void tick() {
    long now = nanoTime.getAsLong();
    long old = 0;
    while (!samples.isEmpty() && now - samples.getFirst().nanos() >= keepNanos) {
      old = samples.removeFirst().revision();
    }
    if (samples.isEmpty() || now - samples.getLast().nanos() >= keepNanos / MAX_SAMPLES) {
      samples.add(new Sample(now, store.revision()));
    }
    if (old > store.compactedRevision()) {
      try {
        store.compact(old);
      } catch (CompactedException _) {
        // another writer was faster: what we wanted is done
      }
    }
  }
}
