package dev.nacelle.image.stream;

import dev.nacelle.base.task.Backoff;
import java.time.Duration;

/**
 * How a lazy layer fetches.
 *
 * @param maxFetches at once; the memory of a layer is bounded by {@code maxFetches *
 *     maxEagerChunks} chunks, twice that while sources are hedged
 * @param maxBackgroundFetches of those, for read-ahead and prefetch: the others are for readers
 * @param maxFetchChunks in one request
 * @param maxEagerChunks in one request of a layer that is wanted whole
 * @param maxReadAhead chunks ahead of a sequential reader
 * @param hedgeAfter how long a source may take before the next one is asked beside it
 * @param attemptTimeout how long a source may take at all
 * @param patience no round begins later than this after the first one: as long as a registry may
 *     need to start anew
 * @param rounds how often all sources are asked at most before a fill fails
 * @param backoff between the rounds
 * @param penalty how long a source that failed is asked after the others, growing
 */
public record FetchPolicy(
    int maxFetches,
    int maxBackgroundFetches,
    int maxFetchChunks,
    int maxEagerChunks,
    int maxReadAhead,
    Duration hedgeAfter,
    Duration attemptTimeout,
    Duration patience,
    int rounds,
    Backoff backoff,
    Backoff penalty) {

  public static final FetchPolicy DEFAULT =
      new FetchPolicy(
          8,
          4,
          8,
          16,
          32,
          Duration.ofMillis(500),
          Duration.ofSeconds(30),
          Duration.ofSeconds(40),
          20,
          new Backoff(Duration.ofMillis(100), Duration.ofSeconds(5), 2, 0.5),
          new Backoff(Duration.ofSeconds(1), Duration.ofMinutes(1), 2, 0.1));

  public FetchPolicy {
    if (maxBackgroundFetches < 1
        || maxBackgroundFetches >= maxFetches
        || maxFetchChunks < 1
        || maxFetchChunks > 1024
        || maxEagerChunks < maxFetchChunks
        || maxEagerChunks > 1024
        || maxReadAhead < 0
        || rounds < 1) {
      throw new IllegalArgumentException("a fetch policy out of bounds");
    }
    if (!hedgeAfter.isPositive() || !attemptTimeout.isPositive()) {
      throw new IllegalArgumentException("a fetch policy without patience");
    }
  }
}
