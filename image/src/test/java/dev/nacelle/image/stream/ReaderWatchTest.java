package dev.nacelle.image.stream;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ReaderWatchTest {
  private static final int CHUNKS = 160;

  @TempDir Path directory;
  private final BitSet read = new BitSet();
  private final BitSet present = new BitSet();
  private final List<Integer> needed = new ArrayList<>();
  private ReaderWatch watch;

  @BeforeEach
  void convert() throws Exception {
    StreamIndex index = SampleStream.make(directory, CHUNKS).index();
    watch = new ReaderWatch(index, 32, (of, chunk) -> needed.add(chunk), read::get);
  }

  /** Whether it is now clear that all will be read. What is fetched ahead comes at once. */
  private boolean reads(int chunk) {
    read.set(chunk);
    if (!present.get(chunk)) {
      watch
          .after(new ChunkRange(chunk, 1), present::get)
          .ifPresent(ahead -> present.set(ahead.first(), ahead.end()));
      present.set(chunk);
    }
    return watch.becomesWholeRead();
  }

  @Test
  void whoReadsAnEighthOneAfterTheOtherReadsAll() {
    int first = 0;
    while (!reads(first) && first < CHUNKS) {
      first++;
    }
    assertThat(first).isBetween(23, 56); // it is asked again only where something is missing
  }

  @Test
  void whatWasFetchedAheadAndPassedOverIsNotRead() {
    boolean whole = false;
    for (int chunk = 0; chunk < CHUNKS; chunk += 3) {
      whole |= reads(chunk);
      whole |= reads(chunk + 1 - chunk / 3 % 2);
    }
    assertThat(needed).doesNotContain(2, 5, 8).hasSizeLessThan(CHUNKS * 2 / 3);
    assertThat(whole).isEqualTo(needed.size() >= CHUNKS / 3);
  }

  @Test
  void aStartThatTouchesAThirdOfASmallLayerDoesNotReadAll() {
    boolean whole = false;
    for (int chunk = 0; chunk < 47 * 2; chunk += 2) {
      whole |= reads(chunk);
    }
    assertThat(needed).hasSize(47);
    assertThat(whole).isFalse();
  }

  @Test
  void whoReadsAThirdHereAndThereReadsAll() {
    boolean whole = false;
    for (int chunk = 0; chunk < CHUNKS && !whole; chunk += 2) {
      whole = reads(chunk * 7 % CHUNKS / 2 * 2);
    }
    assertThat(whole).isTrue();
    assertThat(needed).hasSize(CHUNKS / 3);
  }

  @Test
  void theLongerReadersWaitTheMoreComesBesideWhatTheyWant() {
    ChunkRange one = new ChunkRange(10, 1);
    assertThat(watch.after(one, present::get)).isEmpty();
    watch.waited(5_000_000);
    assertThat(watch.after(new ChunkRange(20, 1), present::get)).isEmpty();
    for (int i = 0; i < 20; i++) {
      watch.waited(29_000_000);
    }
    assertThat(watch.after(new ChunkRange(30, 1), present::get)).contains(new ChunkRange(31, 5));
    for (int i = 0; i < 20; i++) {
      watch.waited(10_000_000_000L);
    }
    assertThat(watch.after(new ChunkRange(50, 1), present::get)).contains(new ChunkRange(51, 6));
  }

  @Test
  void whereNobodySaysWhatIsReadWhatAReaderHasPassedCounts() {
    int chunk = 0;
    while (chunk < CHUNKS && !watch.becomesWholeRead()) {
      if (!present.get(chunk)) {
        watch
            .after(new ChunkRange(chunk, 1), present::get)
            .ifPresent(ahead -> present.set(ahead.first(), ahead.end()));
        present.set(chunk);
      }
      chunk++;
    }
    assertThat(chunk).isBetween(24, 57);
    assertThat(needed).contains(0, 1, 2, 3, 4, 5);
  }

  @Test
  void itIsSaidOnce() {
    int told = 0;
    for (int chunk = 0; chunk < CHUNKS; chunk++) {
      told += reads(chunk) ? 1 : 0;
    }
    assertThat(told).isEqualTo(1);
  }
}
