package dev.nacelle.image.stream;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Writes down what the readers of an image's layers need, from the first chunk until it is asked
 * for the trace: what they waited for, when they did; and what they read that was there already,
 * because it was fetched ahead of them, when the recorder next looks. It looks whenever a reader
 * needs something, not more often than every few milliseconds, and when it is asked. Safe for any
 * thread; bounded: what comes when the trace is full is not written down.
 */
public final class TraceRecorder implements ReadListener {
  private static final long LOOK_NANOS = 5_000_000;

  /**
   * A layer whose readers are followed.
   *
   * @param read the chunks that were read until now; quick, and calls nobody
   */
  public record Watched(StreamIndex index, Supplier<BitSet> read) {}

  private final LongSupplier nanoClock;
  private final List<Watched> watched;

  /** Guarded by this, as all below. */
  private final Map<AccessTrace.Layer, Integer> layers = new LinkedHashMap<>();

  /** What has been read of each of the watched, at first what was before all this. */
  private final List<BitSet> read;

  private final Set<Long> seen = new HashSet<>();
  private final List<AccessTrace.Access> accesses = new ArrayList<>();
  private long firstNanos;
  private long lastMicros;
  private long lookedNanos;
  private int waits;
  private final Set<StreamIndex> readWhole = new HashSet<>();

  /**
   * @param nanoClock that never goes back, for example {@link System#nanoTime}
   */
  public TraceRecorder(LongSupplier nanoClock, List<Watched> watched) {
    this.nanoClock = nanoClock;
    this.watched = List.copyOf(watched);
    this.read = this.watched.stream().map(layer -> layer.read().get()).toList();
    this.lookedNanos = nanoClock.getAsLong();
  }

  @Override
  public synchronized void needed(StreamIndex index, int chunk) {
    long now = nanoClock.getAsLong();
    if (now - lookedNanos >= LOOK_NANOS) {
      look(now);
    }
    add(index, chunk, now);
    waits++;
  }

  private void look(long now) {
    lookedNanos = now;
    for (int i = 0; i < watched.size(); i++) {
      Watched layer = watched.get(i);
      if (readWhole.contains(layer.index())) {
        continue;
      }
      BitSet found = layer.read().get();
      found.andNot(read.get(i));
      found.stream().forEach(chunk -> add(layer.index(), chunk, now));
      read.get(i).or(found);
    }
  }

  private void add(StreamIndex index, int chunk, long now) {
    if (accesses.size() == AccessTrace.MOST_ACCESSES || layers.size() == AccessTrace.MOST_LAYERS) {
      return;
    }
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

  /** Of a layer of which all is read, only what is waited for is of the start. */
  @Override
  public synchronized void readsAll(StreamIndex index) {
    readWhole.add(index);
  }

  /** For how many chunks readers have waited until now. */
  public synchronized int waits() {
    return waits;
  }

  /** What was needed until now. */
  public synchronized AccessTrace trace() {
    look(nanoClock.getAsLong());
    return new AccessTrace(List.copyOf(layers.keySet()), accesses);
  }
}
