package dev.nacelle.image.stream;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TraceRecorderTest {
  @TempDir Path directory;
  private StreamIndex index;
  private final AtomicLong nanos = new AtomicLong();
  private final BitSet read = new BitSet();

  @BeforeEach
  void convert() throws Exception {
    index = SampleStream.make(directory, 20).index();
  }

  private TraceRecorder recorder() {
    return new TraceRecorder(
        nanos::get, List.of(new TraceRecorder.Watched(index, () -> (BitSet) read.clone())));
  }

  private static List<Integer> chunks(TraceRecorder recorder) {
    return recorder.trace().accesses().stream().map(AccessTrace.Access::chunk).toList();
  }

  private void pass(long millis) {
    nanos.addAndGet(millis * 1_000_000);
  }

  @Test
  void whatWasReadThatWasThereStandsBeforeWhatWasNeededAfterwards() {
    TraceRecorder recorder = recorder();
    recorder.needed(index, 3);
    pass(10);
    read.set(3);
    read.set(7);
    recorder.needed(index, 5);
    pass(10);
    read.set(6);
    assertThat(chunks(recorder)).containsExactly(3, 7, 5, 6);
  }

  @Test
  void whatWasReadBeforeIsNotOfThisRun() {
    read.set(2);
    TraceRecorder recorder = recorder();
    read.set(4);
    assertThat(chunks(recorder)).containsExactly(4);
  }

  @Test
  void onlyWaitsAreCounted() {
    TraceRecorder recorder = recorder();
    read.set(9);
    recorder.needed(index, 3);
    assertThat(recorder.waits()).isEqualTo(1);
    assertThat(chunks(recorder)).containsExactly(3, 9);
  }

  @Test
  void ofALayerThatIsReadWholeOnlyWhatIsWaitedForIsOfTheStart() {
    TraceRecorder recorder = recorder();
    recorder.needed(index, 3);
    recorder.readsAll(index);
    read.set(0, 20);
    pass(10);
    recorder.needed(index, 5);
    assertThat(chunks(recorder)).containsExactly(3, 5);
  }

  @Test
  void itDoesNotLookAtEveryReader() {
    TraceRecorder recorder = recorder();
    pass(10);
    recorder.needed(index, 1);
    read.set(2);
    pass(1);
    recorder.needed(index, 3);
    assertThat(chunks(recorder)).containsExactly(1, 3, 2);
  }
}
