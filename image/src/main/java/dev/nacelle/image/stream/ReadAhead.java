package dev.nacelle.image.stream;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;

/**
 * Notices readers that go front to back, several at once, and says what to fetch ahead of them: one
 * chunk at first, twice as many each time the reader gets there. For one thread at a time.
 */
final class ReadAhead {
  private static final int MOST_READERS = 16;

  /**
   * What a reader has done.
   *
   * @param read what it wants, and before it what was fetched ahead of it: nobody hears when that
   *     is read
   * @param run how many chunks it has gone through by now
   * @param ahead what it may want next
   */
  record Step(ChunkRange read, int run, Optional<ChunkRange> ahead) {}

  /**
   * @param first the chunk it began with
   * @param next the chunk that the reader wants next if it goes on
   * @param ahead the first chunk that was not fetched ahead
   */
  private record Reader(int first, int next, int ahead, int window) {}

  private final int chunks;
  private final int maxWindow;

  /** The one that moved last comes first. */
  private final Deque<Reader> readers = new ArrayDeque<>();

  ReadAhead(int chunks, int maxWindow) {
    this.chunks = chunks;
    this.maxWindow = maxWindow;
  }

  /** Takes note of what a reader wants. */
  Step after(ChunkRange wanted) {
    for (Reader reader : readers) {
      if (wanted.first() >= reader.next() && wanted.first() <= reader.ahead()) {
        readers.remove(reader);
        return goOn(reader, wanted);
      }
      if (wanted.end() == reader.next()) {
        return new Step(wanted, wanted.end() - reader.first(), Optional.empty()); // read again
      }
    }
    remember(new Reader(wanted.first(), wanted.end(), wanted.end(), 0));
    return new Step(wanted, wanted.count(), Optional.empty());
  }

  private Step goOn(Reader reader, ChunkRange wanted) {
    int window = Math.min(maxWindow, Math.max(1, reader.window() * 2));
    int from = Math.max(reader.ahead(), wanted.end());
    boolean enough = from - wanted.end() > window / 2; // else requests would become very small
    int to = enough ? from : (int) Math.min(chunks, (long) wanted.end() + window);
    remember(new Reader(reader.first(), wanted.end(), Math.max(from, to), window));
    return new Step(
        ChunkRange.between(reader.next(), wanted.end()),
        wanted.end() - reader.first(),
        to > from ? Optional.of(ChunkRange.between(from, to)) : Optional.empty());
  }

  private void remember(Reader reader) {
    readers.addFirst(reader);
    if (readers.size() > MOST_READERS) {
      readers.removeLast();
    }
  }
}
