package dev.nacelle.image.stream;

import dev.nacelle.base.task.Backoff;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import java.util.random.RandomGenerator;

/**
 * A source and how it has behaved. One that failed is asked after those that did not, for a time
 * that grows with each failure in a row. Safe for any thread.
 */
final class RankedSource {
  private final ChunkSource source;
  private final LongAdder requests = new LongAdder();
  private final LongAdder hedges = new LongAdder();
  private final LongAdder chunks = new LongAdder();
  private final LongAdder fetchedBytes = new LongAdder();
  private final LongAdder failures = new LongAdder();
  private final LongAdder wrongChunks = new LongAdder();
  private final LongAdder timeouts = new LongAdder();

  /** Guarded by this. */
  private Instant avoidedUntil = Instant.MIN;

  private int failuresInARow;
  private long failedNanos;

  RankedSource(ChunkSource source) {
    this.source = source;
  }

  /** The sources in the order to ask them now. */
  static List<RankedSource> order(List<RankedSource> all, InstantSource clock) {
    Instant now = clock.instant();
    var fine = new ArrayList<RankedSource>();
    var avoided = new ArrayList<RankedSource>();
    for (RankedSource source : all) {
      (source.isAvoided(now) ? avoided : fine).add(source);
    }
    fine.addAll(avoided);
    return fine;
  }

  private synchronized boolean isAvoided(Instant now) {
    return now.isBefore(avoidedUntil);
  }

  ChunkSource source() {
    return source;
  }

  void asked() {
    requests.increment();
  }

  void askedAsHedge() {
    hedges.increment();
  }

  void arrived(long bytes) {
    fetchedBytes.add(bytes);
  }

  void used() {
    chunks.increment();
  }

  void wrong() {
    wrongChunks.increment();
  }

  void timedOut() {
    timeouts.increment();
  }

  /**
   * @param startedNanos when it was asked: that it answered then says nothing of a failure since
   */
  synchronized void succeeded(long startedNanos) {
    if (failuresInARow > 0 && failedNanos - startedNanos < 0) {
      failuresInARow = 0;
      avoidedUntil = Instant.MIN;
    }
  }

  synchronized void failed(InstantSource clock, Backoff penalty) {
    failures.increment();
    failuresInARow++;
    failedNanos = System.nanoTime();
    Duration delay = penalty.delayAfter(failuresInARow, RandomGenerator.getDefault());
    avoidedUntil = clock.instant().plus(delay);
  }

  FillCounters.Source counters() {
    return new FillCounters.Source(
        source.name(),
        requests.sum(),
        hedges.sum(),
        chunks.sum(),
        fetchedBytes.sum(),
        failures.sum(),
        wrongChunks.sum(),
        timeouts.sum());
  }
}
