package dev.nacelle.image.stream;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;

/**
 * Writes down what the readers of an image's layers need, from the first chunk until it is asked
 * for the trace. Only a run for which nothing was fetched beforehand, of layers of which nothing
 * was here, gives the whole of what a start needs; every other run gives what was missing. Safe for
 * any thread; bounded: what comes when the trace is full is not written down.
 */
public final class TraceRecorder implements ReadListener {
  private final LongSupplier nanoClock;

  /** Guarded by this, as all below. */
  private final Map<AccessTrace.Layer, Integer> layers = new LinkedHashMap<>();

  private final Set<Long> seen = new HashSet<>();
  private final List<AccessTrace.Access> accesses = new ArrayList<>();
  private long firstNanos;
  private long lastMicros;

  /**
   * @param nanoClock that never goes back, for example {@link System#nanoTime}
   */
  public TraceRecorder(LongSupplier nanoClock) {
    this.nanoClock = nanoClock;
  }

  @Override
  public synchronized void needed(StreamIndex index, int chunk) {
    if (accesses.size() == AccessTrace.MOST_ACCESSES || layers.size() == AccessTrace.MOST_LAYERS) {
      return;
    }
    long now = nanoClock.getAsLong();
    if (accesses.isEmpty()) {
      firstNanos = now;
    }
    long micros = Math.max(lastMicros, (now - firstNanos) / 1000);
    if (micros > AccessTrace.MOST_MICROS) {
      return;
    }
    Integer layer = layers.computeIfAbsent(AccessTrace.Layer.of(index), l -> layers.size());
    if (seen.add((long) layer << 32 | chunk)) { // else of a layer that was opened twice
      accesses.add(new AccessTrace.Access(layer, chunk, micros));
      lastMicros = micros;
    }
  }

  /** How many chunks were needed until now. */
  public synchronized int count() {
    return accesses.size();
  }

  /** What was needed until now. */
  public synchronized AccessTrace trace() {
    return new AccessTrace(List.copyOf(layers.keySet()), accesses);
  }
}
