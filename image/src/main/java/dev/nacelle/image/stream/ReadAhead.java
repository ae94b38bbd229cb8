package dev.nacelle.image.stream;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;

/**
 * Notices readers that go front to back, several at once, and says what to fetch ahead of them: one
 * chunk at first, twice as many each time the reader gets there. Where a wait is long, what lies
 * behind the first chunk of a reader is fetched, too: most likely it is wanted next. For one thread
 * at a time.
 */
final class ReadAhead {
  private static final int MOST_READERS = 16;

  /**
   * What a reader has done.
   *
   * @param read what it wants, and before it what was fetched ahead of it and may have been read
   * @param ahead what it may want next
   */
  record Step(ChunkRange read, Optional<ChunkRange> ahead) {}

  /**
   * @param next the chunk that the reader wants next if it goes on
   * @param ahead the first chunk that was not fetched ahead
   */
  private record Reader(int next, int ahead, int window) {}

  private final int chunks;
  private final int maxWindow;

  /** The one that moved last comes first. */
  private final Deque<Reader> readers = new ArrayDeque<>();

  ReadAhead(int chunks, int maxWindow) {
    this.chunks = chunks;
    this.maxWindow = maxWindow;
  }

  /**
   * Takes note of what a reader wants.
   *
   * @param least how many chunks to fetch ahead of any reader
   */
  Step after(ChunkRange wanted, int least) {
    for (Reader reader : readers) {
      if (wanted.first() >= reader.next() && wanted.first() <= reader.ahead()) {
        readers.remove(reader);
        return goOn(reader, wanted, least);
      }
      if (wanted.end() == reader.next()) {
        return new Step(wanted, Optional.empty()); // read again
      }
    }
    int window = Math.min(maxWindow, least);
    int to = (int) Math.min(chunks, (long) wanted.end() + window);
    remember(new Reader(wanted.end(), to, window));
    return new Step(wanted, between(wanted.end(), to));
  }

  private static Optional<ChunkRange> between(int from, int to) {
    return to > from ? Optional.of(ChunkRange.between(from, to)) : Optional.empty();
  }

  private Step goOn(Reader reader, ChunkRange wanted, int least) {
    int window = Math.min(maxWindow, Math.max(Math.max(1, least), reader.window() * 2));
    int from = Math.max(reader.ahead(), wanted.end());
    boolean enough = from - wanted.end() > window / 2; // else requests would become very small
    int to = enough ? from : (int) Math.min(chunks, (long) wanted.end() + window);
    remember(new Reader(wanted.end(), Math.max(from, to), window));
    return new Step(ChunkRange.between(reader.next(), wanted.end()), between(from, to));
  }

  private void remember(Reader reader) {
    readers.addFirst(reader);
    if (readers.size() > MOST_READERS) {
      readers.removeLast();
    }
  }
}
