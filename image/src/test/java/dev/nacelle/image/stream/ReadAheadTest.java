package dev.nacelle.image.stream;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.api.Test;

final class ReadAheadTest {
  private final ReadAhead readAhead = new ReadAhead(1000, 8);

  private Optional<ChunkRange> after(int first, int count) {
    return readAhead.after(new ChunkRange(first, count)).ahead();
  }

  @Test
  void theWindowDoublesUpToItsBound() {
    assertThat(after(0, 1)).isEmpty();
    assertThat(after(1, 1)).contains(new ChunkRange(2, 1));
    assertThat(after(3, 1)).contains(new ChunkRange(4, 2));
    assertThat(after(6, 1)).contains(new ChunkRange(7, 4));
    assertThat(after(11, 1)).contains(new ChunkRange(12, 8));
    assertThat(after(20, 1)).contains(new ChunkRange(21, 8));
  }

  @Test
  void aReaderInsideItsWindowMovesItOn() {
    assertThat(after(0, 2)).isEmpty();
    assertThat(after(2, 1)).contains(new ChunkRange(3, 1));
    assertThat(after(3, 1)).contains(new ChunkRange(4, 2));
    assertThat(after(4, 1)).contains(new ChunkRange(6, 3));
  }

  @Test
  void readersHereAndThereAreNotReadAheadOf() {
    for (int first : new int[] {5, 100, 7, 900, 3, 50}) {
      assertThat(after(first, 1)).isEmpty();
    }
  }

  @Test
  void severalReadersAreKeptApart() {
    assertThat(after(10, 1)).isEmpty();
    assertThat(after(500, 1)).isEmpty();
    assertThat(after(11, 1)).contains(new ChunkRange(12, 1));
    assertThat(after(501, 1)).contains(new ChunkRange(502, 1));
  }

  @Test
  void nothingLiesBehindTheEnd() {
    assertThat(after(998, 1)).isEmpty();
    assertThat(after(999, 1)).isEmpty();
    assertThat(after(999, 1)).isEmpty();
  }
}
