package dev.nacelle.image.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A layer that is filled as it is read. */
final class LazyLayerTest {
  private static final int CHUNKS = 20;

  @TempDir Path directory;
  private SampleStream sample;

  @BeforeEach
  void convert() throws Exception {
    sample = SampleStream.make(directory, CHUNKS);
  }

  private LazyLayerFixture fixture(ChunkSource... sources) throws IOException {
    return new LazyLayerFixture(
        sample, directory.resolve("lazy"), LazyLayerFixture.PATIENT, sources);
  }

  @Test
  void aHundredCallersFetchEachChunkOnce() throws Exception {
    var gate = new CountDownLatch(1);
    ScriptedSource source = ScriptedSource.gated(sample, gate);
    try (var fixture = fixture(source);
        var callers = Executors.newVirtualThreadPerTaskExecutor()) {
      var fills = new ArrayList<Future<Boolean>>();
      for (int i = 0; i < 100; i++) {
        var random = new Random(i);
        fills.add(
            callers.submit(
                () -> {
                  for (int n = 0; n < CHUNKS; n++) {
                    int chunk = random.nextInt(CHUNKS);
                    fixture.fill(chunk);
                    if (!fixture.isPresent(chunk)) {
                      return false;
                    }
                  }
                  fixture.fillAll();
                  return true;
                }));
      }
      gate.countDown();
      for (Future<Boolean> fill : fills) {
        assertThat(fill.get()).isTrue();
      }
      fixture.assertWhole();
      for (int n = 0; n < CHUNKS; n++) {
        if (sample.index().encoding(n) != StreamIndex.Encoding.ZEROS) {
          assertThat(source.timesAsked(n)).as("chunk " + n).isEqualTo(1);
        }
      }
      FillCounters counters = fixture.layer.counters();
      assertThat(counters.fetchedBytes()).isEqualTo(sample.index().storedBytes());
      assertThat(counters.presentChunks()).isEqualTo(CHUNKS);
      assertThat(fixture.wholeTold).hasValue(1);
    }
  }

  @Test
  void nothingIsPresentBeforeItIsAskedFor() throws Exception {
    ScriptedSource source = ScriptedSource.honest(sample);
    try (var fixture = fixture(source)) {
      assertThat(fixture.isPresent(7)).isFalse();
      fixture.layer.fill(7L * VerityTree.CHUNK_BYTES + 17, 100);
      assertThat(fixture.isPresent(7)).isTrue();
      assertThat(fixture.inFile(7)).isEqualTo(sample.chunk(7));
      assertThat(fixture.layer.counters().presentChunks()).isEqualTo(1);
      assertThat(fixture.layer.isWhole()).isFalse();
      assertThat(source.asked).containsExactly(new ChunkRange(7, 1));
      fixture.fill(7);
      assertThat(source.asked).hasSize(1);
    }
  }

  @Test
  void neighboursAreOneRequestAndNoRequestIsTooLong() throws Exception {
    ScriptedSource source = ScriptedSource.honest(sample);
    try (var fixture = fixture(source)) {
      fixture.layer.fill(3L * VerityTree.CHUNK_BYTES + 9, 2L * VerityTree.CHUNK_BYTES);
      assertThat(source.asked).containsExactly(new ChunkRange(3, 2)); // 5 is zeros
      fixture.fillAll();
      assertThat(source.asked).allMatch(r -> r.count() <= 4);
      fixture.assertWhole();
    }
  }

  @Test
  void zerosAreNotFetched() throws Exception {
    ScriptedSource source = ScriptedSource.honest(sample);
    try (var fixture = fixture(source)) {
      fixture.fill(2);
      assertThat(fixture.isPresent(2)).isTrue();
      assertThat(source.asked).isEmpty();
    }
  }

  @Test
  void aSequentialReaderIsReadAheadOf() throws Exception {
    ScriptedSource source = ScriptedSource.honest(sample);
    try (var fixture = fixture(source)) {
      for (int n = 0; n < CHUNKS; n++) {
        fixture.fill(n);
      }
      fixture.layer.awaitWhole();
      assertThat(source.asked).anyMatch(r -> r.count() > 1);
      fixture.assertWhole();
    }
  }

  @Test
  void whereRoomLacksOnlyReadersAreServedAndTheRestGoesOnWhenThereIsSomeAgain() throws Exception {
    ScriptedSource source = ScriptedSource.honest(sample);
    try (var fixture = fixture(source)) {
      fixture.room.set(false);
      fixture.layer.prefetchAll();
      fixture.layer.fetchNow(ChunkRange.between(0, CHUNKS));
      fixture.fill(7);
      assertThat(fixture.inFile(7)).isEqualTo(sample.chunk(7));
      assertThat(source.asked).containsExactly(new ChunkRange(7, 1));
      fixture.room.set(true);
      fixture.layer.goOn();
      fixture.layer.awaitWhole();
      fixture.assertWhole();
    }
  }

  @Test
  void readersGoBeforeWhatWasAskedForBeforehand() throws Exception {
    var gate = new CountDownLatch(1);
    ScriptedSource source =
        new ScriptedSource(
            "slow for all but chunk 19",
            range -> {
              if (!range.contains(CHUNKS - 1)) {
                gate.await();
              }
              return ScriptedSource.file(sample).fetch(range);
            });
    try (var fixture = fixture(source)) {
      assertThat(fixture.layer.prefetch(List.of(new ChunkRange(0, CHUNKS)))).isEqualTo(1);
      fixture.fill(CHUNKS - 1); // all background fetches are stuck
      assertThat(fixture.isPresent(CHUNKS - 1)).isTrue();
      gate.countDown();
      fixture.layer.awaitWhole();
      fixture.assertWhole();
      for (int n = 0; n < CHUNKS; n++) {
        assertThat(source.timesAsked(n)).as("chunk " + n).isLessThanOrEqualTo(1);
      }
    }
  }

  @Test
  void prefetchGoesInTheOrderGiven() throws Exception {
    ScriptedSource source = ScriptedSource.honest(sample);
    var one =
        new FetchPolicy(
            2,
            1,
            4,
            4,
            0,
            LazyLayerFixture.LONG,
            LazyLayerFixture.LONG,
            LazyLayerFixture.LONG,
            1,
            LazyLayerFixture.PATIENT.backoff(),
            LazyLayerFixture.PATIENT.penalty());
    try (var fixture = new LazyLayerFixture(sample, directory.resolve("lazy"), one, source)) {
      var order = List.of(new ChunkRange(9, 2), new ChunkRange(0, 2), new ChunkRange(0, CHUNKS));
      assertThat(fixture.layer.prefetch(order)).isEqualTo(3);
      fixture.layer.awaitWhole();
      assertThat(source.asked).startsWith(new ChunkRange(9, 2), new ChunkRange(0, 2));
    }
  }

  @Test
  void closingWakesThoseWhoWaitAndLeavesTheChannelOpen() throws Exception {
    ScriptedSource source = ScriptedSource.silent("silent");
    try (var fixture = fixture(source);
        var callers = Executors.newVirtualThreadPerTaskExecutor()) {
      Callable<Void> fill =
          () -> {
            fixture.fillAll();
            return null;
          };
      Future<Void> waiting = callers.submit(fill);
      while (source.asked.isEmpty()) {
        Thread.onSpinWait();
      }
      fixture.layer.close();
      assertThatThrownBy(waiting::get).hasCauseInstanceOf(IOException.class);
      assertThatThrownBy(fixture::fillAll).hasMessageContaining("closed");
      assertThatThrownBy(fixture.layer::awaitWhole).hasMessageContaining("closed");
      assertThat(fixture.channelIsOpen()).isTrue();
    }
  }

  @Test
  void whoIsToldThatTheLayerIsWholeMayCloseIt() throws Exception {
    var files = new LazyLayerFiles(Files.createDirectory(directory.resolve("lazy")));
    files.create(sample.index(), "boot");
    var told = new CountDownLatch(1);
    var opened = new java.util.concurrent.CompletableFuture<LazyLayer>();
    Runnable close =
        () -> {
          opened.join().close();
          told.countDown();
        };
    try (FileChannel channel = FileChannel.open(files.data(), StandardOpenOption.WRITE)) {
      var settings =
          new LazyLayerSettings(
              List.of(ScriptedSource.honest(sample)),
              LazyLayerFixture.PATIENT,
              InstantSource.system(),
              "boot",
              close);
      LazyLayer layer = LazyLayer.open(sample.index(), files, BlobFile.of(channel), settings);
      opened.complete(layer);
      layer.fill(0, sample.data().length);
      assertThat(told.await(5, TimeUnit.SECONDS)).isTrue();
    }
    assertThat(Files.readAllBytes(files.data())).isEqualTo(sample.data());
  }

  @Test
  void anotherProcessOfTheSameBootGoesOnWhereTheFirstEnded() throws Exception {
    ScriptedSource source = ScriptedSource.honest(sample);
    try (var fixture = fixture(source)) {
      fixture.fill(4);
      fixture.fill(7);
      ScriptedSource second = ScriptedSource.honest(sample);
      fixture.reopen(LazyLayerFixture.PATIENT, "boot-1", second);
      assertThat(fixture.layer.counters().presentChunks()).isEqualTo(2);
      fixture.fillAll();
      fixture.assertWhole();
      assertThat(second.timesAsked(4) + second.timesAsked(7)).isZero();
      assertThat(fixture.wholeTold).hasValue(1);
    }
  }

  @Test
  void afterABootEveryChunkIsProvedAgainAndOnlyWrongOnesAreFetched() throws Exception {
    try (var fixture = fixture(ScriptedSource.honest(sample))) {
      fixture.fillAll();
      fixture.layer.close();
      byte[] data = sample.data().clone();
      data[4 * VerityTree.CHUNK_BYTES + 5] ^= 1; // never reached the disk
      data[5 * VerityTree.CHUNK_BYTES] ^= 1; // a chunk of zeros
      Files.write(fixture.files.data(), data);
      ScriptedSource second = ScriptedSource.honest(sample);
      fixture.reopen(LazyLayerFixture.PATIENT, "boot-2", second);
      fixture.fillAll();
      fixture.layer.awaitWhole();
      fixture.assertWhole();
      assertThat(second.asked).allMatch(r -> r.equals(new ChunkRange(4, 1)));
      assertThat(fixture.layer.counters().reprovedChunks()).isEqualTo(CHUNKS - 2);
    }
  }

  @Test
  void afterABootWithoutSourcesWhatIsHereCanStillBeRead() throws Exception {
    try (var fixture = fixture(ScriptedSource.honest(sample))) {
      fixture.fill(3);
      fixture.reopen(LazyLayerFixture.PATIENT, "boot-2");
      fixture.fill(3);
      assertThat(fixture.isPresent(3)).isTrue();
      assertThatThrownBy(() -> fixture.fill(4)).hasMessageContaining("there is no source");
    }
  }

  @Test
  void filesOfAnotherSizeAreRefused() throws Exception {
    try (var fixture = fixture(ScriptedSource.honest(sample))) {
      Files.write(fixture.files.map(), new byte[4095]);
      assertThatThrownBy(() -> fixture.reopen(LazyLayerFixture.PATIENT, "boot-1"))
          .hasMessageContaining("present.map has 4095 bytes");
    }
  }
}
