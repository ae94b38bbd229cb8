package dev.nacelle.image.stream;

import java.util.BitSet;
import java.util.Optional;
import java.util.function.IntPredicate;

/**
 * Follows the readers of a layer: tells of each chunk they need once, says what to fetch ahead of
 * them, and notices when they are going to read all of it. For one thread at a time.
 */
final class ReaderWatch {
  /** Who has gone through so much front to back goes on; fewer chunks say nothing. */
  private static final int LEAST_RUN = 16;

  private final StreamIndex index;
  private final ReadListener listener;
  private final ReadAhead readAhead;
  private final BitSet needed = new BitSet();
  private int neededCount;
  private int longestRun;
  private boolean wholeReadTold;

  ReaderWatch(StreamIndex index, int maxReadAhead, ReadListener listener) {
    this.index = index;
    this.listener = listener;
    this.readAhead = new ReadAhead(index.chunks(), maxReadAhead);
  }

  /**
   * Takes note of what a reader wants, some of which is missing; answers what it may want next:
   * nothing once all of the layer is on its way.
   */
  Optional<ChunkRange> after(ChunkRange wanted, IntPredicate present) {
    ReadAhead.Step step = readAhead.after(wanted);
    longestRun = Math.max(longestRun, step.run());
    for (int n = step.read().first(); n < step.read().end(); n++) {
      boolean passed = n < wanted.first();
      if (passed == present.test(n) && !needed.get(n)) {
        needed.set(n);
        neededCount++;
        listener.needed(index, n);
      }
    }
    return wholeReadTold ? Optional.empty() : step.ahead();
  }

  /**
   * Whether it has become clear that all will be read: a third of the chunks were needed, or an
   * eighth front to back. True once.
   */
  boolean becomesWholeRead() {
    if (wholeReadTold) {
      return false;
    }
    int chunks = index.chunks();
    wholeReadTold =
        neededCount >= LEAST_RUN && neededCount >= chunks / 3
            || longestRun >= Math.max(LEAST_RUN, chunks / 8);
    return wholeReadTold;
  }
}
