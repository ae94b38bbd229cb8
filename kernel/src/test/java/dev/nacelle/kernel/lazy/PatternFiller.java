package dev.nacelle.kernel.lazy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * Fills with {@link Pattern}, or from a file that has it all, each chunk once, as an origin of some
 * latency would.
 */
final class PatternFiller implements Filler {
  private final Duration latency;
  private final Map<String, Object> chunks = new ConcurrentHashMap<>();
  private final AtomicInteger stored = new AtomicInteger();
  private final AtomicInteger calls = new AtomicInteger();
  volatile Outcome outcome = new Filled();

  PatternFiller(Duration latency) {
    this.latency = latency;
  }

  int stored() {
    return stored.get();
  }

  int calls() {
    return calls.get();
  }

  @Override
  public Outcome fill(LazyFile file, long offset, long count) {
    calls.incrementAndGet();
    if (!(outcome instanceof Filled)) {
      return outcome;
    }
    if (latency.isPositive()) {
      LockSupport.parkNanos(latency.toNanos());
    }
    PresenceMap map = file.map();
    long end = Math.min(map.sizeBytes(), offset + count);
    for (long chunk = offset / map.chunkBytes(); chunk * map.chunkBytes() < end; chunk++) {
      long number = chunk;
      chunks.computeIfAbsent(
          file.id() + "/" + number,
          name -> {
            store(file, number);
            return name;
          });
    }
    return outcome;
  }

  private void store(LazyFile file, long chunk) {
    PresenceMap map = file.map();
    if (map.has(chunk)) {
      return;
    }
    long at = chunk * map.chunkBytes();
    try {
      int length = (int) Math.min(map.chunkBytes(), map.sizeBytes() - at);
      file.store(chunk, Pattern.bytes(at, length));
      stored.incrementAndGet();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
