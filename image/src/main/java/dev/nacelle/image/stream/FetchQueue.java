package dev.nacelle.image.stream;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.IntPredicate;
import java.util.function.IntSupplier;

/**
 * What may be fetched when no reader waits: ranges to fetch ahead of readers, and ranges somebody
 * asked for beforehand, in their order; last the whole of a layer, in larger requests. They are cut
 * to requests only when one can be made, so a reader's own request never waits for a queued one.
 * Bounded. For one thread at a time.
 */
final class FetchQueue {
  private static final int MOST_AHEAD = 64;
  static final int MOST_ASKED = 65_536;

  private final int maxFetchChunks;
  private final int maxEagerChunks;
  private final Deque<ChunkRange> ahead = new ArrayDeque<>();
  private final Deque<ChunkRange> asked = new ArrayDeque<>();

  /** What is left of a layer that is wanted whole. */
  private final Deque<ChunkRange> rest = new ArrayDeque<>();

  private final IntSupplier border;

  /**
   * @param border see {@link ChunkSources#border}
   */
  FetchQueue(int maxFetchChunks, int maxEagerChunks, IntSupplier border) {
    this.border = border;
    this.maxFetchChunks = maxFetchChunks;
    this.maxEagerChunks = maxEagerChunks;
  }

  /** The oldest is forgotten where there are too many. */
  void addAhead(ChunkRange range) {
    ahead.add(range);
    if (ahead.size() > MOST_AHEAD) {
      ahead.remove();
    }
  }

  /** Takes in as many as there is room for; says how many. */
  int addAsked(List<ChunkRange> ranges) {
    int room = Math.min(ranges.size(), MOST_ASKED - asked.size());
    asked.addAll(ranges.subList(0, room));
    return room;
  }

  /** Takes in a whole layer, from {@code from} on, behind all else. */
  void addAll(int chunks, int from) {
    rest.clear();
    rest.add(ChunkRange.between(from, chunks));
    if (from > 0) {
      rest.add(ChunkRange.between(0, from));
    }
  }

  boolean isEmpty() {
    return ahead.isEmpty() && asked.isEmpty() && rest.isEmpty();
  }

  void clear() {
    ahead.clear();
    asked.clear();
    rest.clear();
  }

  /** The next chunks to fetch together, of those that are {@code missing}. */
  Optional<ChunkRange> next(IntPredicate missing) {
    return cut(ahead, maxFetchChunks, missing)
        .or(() -> cut(asked, maxFetchChunks, missing))
        .or(() -> cut(rest, maxEagerChunks, missing));
  }

  private Optional<ChunkRange> cut(Deque<ChunkRange> queue, int atMost, IntPredicate missing) {
    while (!queue.isEmpty()) {
      ChunkRange range = queue.remove();
      int first = range.first();
      while (first < range.end() && !missing.test(first)) {
        first++;
      }
      if (first < range.end()) {
        int end = runEnd(first, range.end(), atMost, missing);
        if (end < range.end()) {
          queue.addFirst(ChunkRange.between(end, range.end()));
        }
        return Optional.of(ChunkRange.between(first, end));
      }
    }
    return Optional.empty();
  }

  /** Where the run of missing chunks from {@code first} on ends. */
  int runEnd(int first, int bound, int atMost, IntPredicate missing) {
    int unit = border.getAsInt();
    int end = first + 1;
    while (end < bound && end - first < atMost && end % unit != 0 && missing.test(end)) {
      end++;
    }
    return end;
  }
}
