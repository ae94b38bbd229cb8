package dev.nacelle.image.stream;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a run needs is written down, and comes ahead of the next one's readers. */
final class TraceReplayTest {
  private static final int CHUNKS = 40;

  @TempDir Path directory;
  private SampleStream sample;
  private final AtomicLong nanos = new AtomicLong(5_000_000);
  private final TraceRecorder recorder = new TraceRecorder(() -> nanos.getAndAdd(2_000_000));

  @BeforeEach
  void convert() throws Exception {
    sample = SampleStream.make(directory, CHUNKS);
  }

  private LazyLayerFixture fixture(String name, ChunkSource... sources) throws IOException {
    return new LazyLayerFixture(
        sample, directory.resolve(name), LazyLayerFixture.PATIENT, recorder, sources);
  }

  private List<Integer> recorded() {
    return recorder.trace().accesses().stream().map(AccessTrace.Access::chunk).toList();
  }

  private AccessTrace trace(int... chunks) {
    var accesses = new ArrayList<AccessTrace.Access>();
    for (int chunk : chunks) {
      accesses.add(new AccessTrace.Access(0, chunk, accesses.size()));
    }
    return new AccessTrace(List.of(AccessTrace.Layer.of(sample.index())), accesses);
  }

  @Test
  void readersAreWrittenDownInTheirOrderAndOnce() throws Exception {
    try (var fixture = fixture("lazy", ScriptedSource.honest(sample))) {
      for (int chunk : new int[] {7, 30, 7, 1, 30}) {
        fixture.fill(chunk);
      }
      fixture.layer.fill(20L * VerityTree.CHUNK_BYTES, 2L * VerityTree.CHUNK_BYTES);
    }
    assertThat(recorded()).containsExactly(7, 30, 1, 20, 21);
    assertThat(recorder.trace().accesses())
        .extracting(AccessTrace.Access::micros)
        .containsExactly(0L, 2000L, 4000L, 6000L, 8000L);
    assertThat(recorder.trace().layers()).containsExactly(AccessTrace.Layer.of(sample.index()));
  }

  @Test
  void whatIsFetchedBeforehandIsNotWrittenDown() throws Exception {
    try (var fixture = fixture("lazy", ScriptedSource.honest(sample));
        var replay = TraceReplay.start(trace(3, 9), List.of(fixture.layer))) {
      replay.await();
      fixture.fill(3);
      fixture.fill(9);
      fixture.fill(30);
    }
    assertThat(recorded()).containsExactly(30);
  }

  @Test
  void whatWasReadAheadOfAReaderWhoCameByIsWrittenDown() throws Exception {
    try (var fixture = fixture("lazy", ScriptedSource.honest(sample))) {
      fixture.fill(0);
      fixture.fill(1); // 2 is fetched ahead, and the reader reads it without a word
      awaitPresent(fixture, 2);
      fixture.fill(3);
    }
    assertThat(recorded()).containsExactly(0, 1, 2, 3);
  }

  private static void awaitPresent(LazyLayerFixture fixture, int chunk) throws IOException {
    long end = System.nanoTime() + LazyLayerFixture.LONG.toNanos();
    while (!fixture.isPresent(chunk) && System.nanoTime() < end) {
      Thread.onSpinWait();
    }
    assertThat(fixture.isPresent(chunk)).isTrue();
  }

  @Test
  void aReplayFetchesWhatTheTraceSaysAndNoMore() throws Exception {
    ScriptedSource source = ScriptedSource.honest(sample);
    try (var fixture = fixture("lazy", source);
        var replay = TraceReplay.start(trace(21, 3, 22, 4), List.of(fixture.layer))) {
      replay.await();
      for (int n = 0; n < CHUNKS; n++) {
        assertThat(fixture.isPresent(n))
            .as("chunk " + n)
            .isEqualTo(List.of(3, 4, 21, 22).contains(n));
      }
    }
    assertThat(source.asked).containsExactlyInAnyOrder(new ChunkRange(21, 2), new ChunkRange(3, 2));
  }

  @Test
  void readersDoNotWaitForAReplay() throws Exception {
    var gate = new CountDownLatch(1);
    var source =
        new ScriptedSource(
            "slow for all but chunk 39",
            range -> {
              if (!range.contains(CHUNKS - 1)) {
                gate.await();
              }
              return ScriptedSource.file(sample).fetch(range);
            });
    int[] scattered = {0, 3, 6, 9, 12, 15, 18, 21, 24, 27, 30, 33, 36};
    try (var fixture = fixture("lazy", source);
        var replay = TraceReplay.start(trace(scattered), List.of(fixture.layer))) {
      fixture.fill(CHUNKS - 1);
      assertThat(fixture.isPresent(CHUNKS - 1)).isTrue();
      gate.countDown();
      replay.await();
      assertThat(fixture.isPresent(36)).isTrue();
    }
  }

  @Test
  void allRequestsOfAShortTraceAreUnderWayAtOnce() throws Exception {
    int[] scattered = {0, 3, 6, 9, 12, 15, 18, 21, 24, 27};
    var all = new CountDownLatch(scattered.length);
    var source =
        new ScriptedSource(
            "answers when all have asked",
            range -> {
              all.countDown();
              all.await();
              return ScriptedSource.file(sample).fetch(range);
            });
    try (var fixture = fixture("lazy", source);
        var replay = TraceReplay.start(trace(scattered), List.of(fixture.layer))) {
      replay.await();
      assertThat(fixture.layer.counters().presentChunks()).isEqualTo(scattered.length);
    }
  }

  @Test
  void aLayerThatATraceMostlyNeedsIsFetchedWhole() throws Exception {
    int[] most = new int[CHUNKS * 2 / 3];
    for (int i = 0; i < most.length; i++) {
      most[i] = i;
    }
    try (var fixture = fixture("lazy", ScriptedSource.honest(sample));
        var replay = TraceReplay.start(trace(most), List.of(fixture.layer))) {
      fixture.layer.awaitWhole();
      fixture.assertWhole();
    }
  }

  @Test
  void aLayerThatIsReadFrontToBackIsFetchedWhole() throws Exception {
    ScriptedSource source = ScriptedSource.honest(sample);
    try (var fixture = fixture("lazy", source)) {
      for (int n = 0; n < 20; n++) {
        fixture.fill(n);
      }
      fixture.layer.awaitWhole();
      fixture.assertWhole();
      assertThat(fixture.layer.counters().fetchedBytes()).isEqualTo(sample.index().storedBytes());
    }
  }

  @Test
  void aFewScatteredReadsFetchNothingElse() throws Exception {
    ScriptedSource source = ScriptedSource.honest(sample);
    try (var fixture = fixture("lazy", source)) {
      for (int n = 0; n < CHUNKS; n += 4) {
        fixture.fill(n);
      }
      assertThat(fixture.layer.counters().presentChunks()).isEqualTo(10);
    }
  }

  @Test
  void aTraceOfAnotherLayerDoesNothing() throws Exception {
    ScriptedSource source = ScriptedSource.honest(sample);
    try (var fixture = fixture("lazy", source);
        var replay = TraceReplay.start(AccessTraceTest.trace(1, 2), List.of(fixture.layer))) {
      replay.await();
      assertThat(source.asked).isEmpty();
    }
  }

  @Test
  void aLayerThatIsClosedDoesNotEndTheReplayOfTheOthers() throws Exception {
    SampleStream small = SampleStream.make(Files.createDirectory(directory.resolve("small")), 2);
    var accesses = new ArrayList<AccessTrace.Access>();
    for (int chunk : new int[] {0, 1}) {
      accesses.add(new AccessTrace.Access(0, chunk, accesses.size()));
    }
    for (int chunk = 0; chunk < CHUNKS; chunk += 4) {
      accesses.add(new AccessTrace.Access(1, chunk, accesses.size()));
    }
    var trace =
        new AccessTrace(
            List.of(AccessTrace.Layer.of(small.index()), AccessTrace.Layer.of(sample.index())),
            accesses);
    try (var closed =
            new LazyLayerFixture(small, directory.resolve("closed"), LazyLayerFixture.PATIENT);
        var fixture = fixture("lazy", ScriptedSource.honest(sample))) {
      closed.layer.close();
      try (var replay = TraceReplay.start(trace, List.of(closed.layer, fixture.layer))) {
        replay.await();
        assertThat(fixture.layer.counters().presentChunks()).isEqualTo(CHUNKS / 4);
      }
    }
  }

  @Test
  void aReplayOfAClosedLayerEnds() throws Exception {
    var gate = new CountDownLatch(1);
    var fixture = fixture("lazy", ScriptedSource.gated(sample, gate));
    try (var replay = TraceReplay.start(trace(1, 10, 20, 30), List.of(fixture.layer))) {
      fixture.close();
      replay.await();
    }
    assertThat(fixture.isPresent(1)).isFalse();
  }
}
