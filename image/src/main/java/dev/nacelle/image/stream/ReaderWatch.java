package dev.nacelle.image.stream;

import java.util.BitSet;
import java.util.Optional;
import java.util.function.IntPredicate;

/**
 * Follows the readers of a layer: tells of each chunk they need once, says what to fetch ahead of
 * them, and notices when they are going to read all of it. For one thread at a time.
 */
final class ReaderWatch {
  /** A start needs that much of a layer, too: fewer chunks do not say that all will be read. */
  private static final int LEAST_NEEDED = 48;

  /** Who has gone through so much front to back goes on; fewer chunks say nothing. */
  private static final int LEAST_RUN = 24;

  /** A wait as short as that is one of a registry next door. */
  private static final long SHORT_WAIT_NANOS = 8_000_000;

  /** For each such time that a wait is longer, one chunk more is fetched beside the wanted one. */
  private static final long WAIT_NANOS_A_CHUNK = 4_000_000;

  private static final int MOST_BESIDE = 6;

  /** What took longer than that was a failure rather than a distance. */
  private static final long LONG_WAIT_NANOS = 40_000_000;

  private final StreamIndex index;
  private final ReadListener listener;
  private final ReadAhead readAhead;
  private final IntPredicate wasRead;
  private final BitSet needed = new BitSet();
  private int neededCount;
  private int longestRun;
  private boolean wholeReadTold;

  /** How long a reader usually waits for a chunk. */
  private long usualWaitNanos;

  /**
   * @param wasRead whether somebody has read of a chunk or waits for it: nobody else tells of
   *     readers that find what they want. Where it does not know of a chunk that is wanted, nobody
   *     tells it, and what a reader has passed counts as read
   */
  ReaderWatch(StreamIndex index, int maxReadAhead, ReadListener listener, IntPredicate wasRead) {
    this.index = index;
    this.listener = listener;
    this.wasRead = wasRead;
    this.readAhead = new ReadAhead(index.chunks(), maxReadAhead);
  }

  /**
   * Takes note of what a reader wants, some of which is missing; answers what it may want next:
   * nothing once all of the layer is on its way.
   */
  Optional<ChunkRange> after(ChunkRange wanted, IntPredicate present) {
    ReadAhead.Step step = readAhead.after(wanted, beside());
    boolean isTold = wasRead.test(wanted.first());
    for (int n = step.read().first(); n < step.read().end(); n++) {
      boolean passed = n < wanted.first();
      boolean isNeed = passed == present.test(n) && (!passed || !isTold || wasRead.test(n));
      if (isNeed && !needed.get(n)) {
        needed.set(n);
        neededCount++;
        listener.needed(index, n);
      }
    }
    if (wholeReadTold) {
      return Optional.empty();
    }
    longestRun = Math.max(longestRun, runTo(wanted));
    return step.ahead();
  }

  /** A reader has waited so long for a chunk or two, which were one request. */
  void waited(long nanos) {
    long sample = Math.min(nanos, LONG_WAIT_NANOS);
    usualWaitNanos = (3 * usualWaitNanos + sample) / 4; // from none on: one slow wait says nothing
  }

  private int beside() {
    long more = (usualWaitNanos - SHORT_WAIT_NANOS) / WAIT_NANOS_A_CHUNK;
    return (int) Math.clamp(more, 0, MOST_BESIDE);
  }

  /** How many chunks have been read one after the other, up to the end of what is wanted. */
  private int runTo(ChunkRange wanted) {
    int first = wanted.first();
    while (first > 0 && wanted.end() - first < leastRun() && isRead(first - 1)) {
      first--;
    }
    return wanted.end() - first;
  }

  private boolean isRead(int chunk) {
    return needed.get(chunk) || wasRead.test(chunk);
  }

  private int leastRun() {
    return Math.max(LEAST_RUN, index.chunks() / 8);
  }

  /**
   * Whether it has become clear that all will be read: a third of the chunks were needed, or an
   * eighth one after the other. True once; the listener hears of it, too.
   */
  boolean becomesWholeRead() {
    if (wholeReadTold) {
      return false;
    }
    wholeReadTold =
        neededCount >= Math.max(LEAST_NEEDED, index.chunks() / 3) || longestRun >= leastRun();
    if (wholeReadTold) {
      listener.readsAll(index);
    }
    return wholeReadTold;
  }
}
