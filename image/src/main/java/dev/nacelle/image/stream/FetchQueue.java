package dev.nacelle.image.stream;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.IntPredicate;

/**
 * What may be fetched when no reader waits: ranges to fetch ahead of readers, and ranges somebody
 * asked for beforehand, in their order. They are cut to requests only when one can be made, so a
 * reader's own request never waits for a queued one. Bounded. For one thread at a time.
 */
final class FetchQueue {
  private static final int MOST_AHEAD = 64;
  static final int MOST_ASKED = 65_536;

  private final int maxFetchChunks;
  private final Deque<ChunkRange> ahead = new ArrayDeque<>();
  private final Deque<ChunkRange> asked = new ArrayDeque<>();

  FetchQueue(int maxFetchChunks) {
    this.maxFetchChunks = maxFetchChunks;
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

  void clear() {
    ahead.clear();
    asked.clear();
  }

  /** The next chunks to fetch together, of those that are {@code missing}. */
  Optional<ChunkRange> next(IntPredicate missing) {
    return cut(ahead, missing).or(() -> cut(asked, missing));
  }

  private Optional<ChunkRange> cut(Deque<ChunkRange> queue, IntPredicate missing) {
    while (!queue.isEmpty()) {
      ChunkRange range = queue.remove();
      int first = range.first();
      while (first < range.end() && !missing.test(first)) {
        first++;
      }
      if (first < range.end()) {
        int end = runEnd(first, range.end(), maxFetchChunks, missing);
        if (end < range.end()) {
          queue.addFirst(ChunkRange.between(end, range.end()));
        }
        return Optional.of(ChunkRange.between(first, end));
      }
    }
    return Optional.empty();
  }

  /** Where the run of missing chunks from {@code first} on ends, within its group. */
  static int runEnd(int first, int bound, int atMost, IntPredicate missing) {
    int end = first + 1;
    while (end < bound
        && end - first < atMost
        && end % ChunkSources.GROUP_CHUNKS != 0
        && missing.test(end)) {
      end++;
    }
    return end;
  }
}
