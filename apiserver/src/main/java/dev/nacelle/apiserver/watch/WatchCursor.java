package dev.nacelle.apiserver.watch;

import dev.nacelle.api.status.ApiException;
import java.time.Duration;
import java.util.List;

/**
 * A watcher's place in the events of a resource. It holds no events of its own: one that falls
 * behind further than the cache remembers is told so. For one thread.
 */
public final class WatchCursor {
  private static final int BATCH = 256;

  private final WatchCache cache;
  private final long epoch;
  private final long startedAfter;
  private List<CacheEvent> missed;
  private long number;
  private long revision;

  /**
   * @param missed what comes before {@code number}, read back from the store
   */
  WatchCursor(WatchCache cache, long epoch, long number, long after, List<CacheEvent> missed) {
    this.missed = missed;
    this.cache = cache;
    this.epoch = epoch;
    this.number = number;
    this.startedAfter = after;
    this.revision = after;
  }

  /** What a read came to. */
  sealed interface Read {
    /** Events, and the revision up to which all is known. */
    record Events(List<CacheEvent> events, long upTo) implements Read {}

    /** The place is forgotten. */
    record Lost(long floor) implements Read {}

    /** The cache is closed. */
    record Ended() implements Read {}
  }

  /**
   * Waits for the next events; empty when none came in time.
   *
   * @throws ApiException with 410 if the watcher was too slow, 503 if the cache is closed
   */
  public List<CacheEvent> next(Duration timeout) throws InterruptedException {
    if (!missed.isEmpty()) {
      List<CacheEvent> events = missed;
      missed = List.of();
      revision = events.getLast().revision();
      return events;
    }
    return switch (cache.read(epoch, number, timeout.toNanos(), BATCH)) {
      case Read.Events(List<CacheEvent> events, long upTo) -> {
        number += events.size();
        revision = Math.max(revision, upTo);
        // a watch may begin in the future: what comes before is not its own
        yield events.isEmpty() || events.getFirst().revision() > startedAfter
            ? events
            : events.stream().filter(e -> e.revision() > startedAfter).toList();
      }
      case Read.Lost(long floor) -> throw WatchCache.tooOld(revision, floor);
      case Read.Ended() -> throw ApiException.unavailable("the watch has ended");
    };
  }

  /** All events up to this revision have been handed out. */
  public long revision() {
    return revision;
  }
}
