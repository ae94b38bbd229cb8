package dev.nacelle.kernel.lazy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nacelle.kernel.mount.DiskSpace;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A real keeper, real files, readers in processes of their own. */
final class LazyReadsTest {
  private static final int CHUNK = 64 << 10;
  private static final long SIZE = 16L << 20;

  private LazyInstance instance;
  private final PatternFiller filler = new PatternFiller(Duration.ZERO);
  private final AtomicInteger ends = new AtomicInteger();
  private final List<AutoCloseable> opened = new ArrayList<>();

  @BeforeEach
  void start() throws Exception {
    instance = new LazyInstance();
  }

  @AfterEach
  void stop() throws Exception {
    for (AutoCloseable one : opened.reversed()) {
      one.close();
    }
    if (instance != null) {
      instance.close();
      assertThat(LazyInstance.groupsHeld()).isZero();
    }
  }

  private PreContent open(Filler with) throws InterruptedException {
    PreContent content =
        PreContent.open(instance.poller, instance.run, with, ends::incrementAndGet);
    opened.add(content);
    return content;
  }

  private PresenceMap map(String name, long size) throws IOException {
    return PresenceMap.open(instance.directory.resolve(name), size, CHUNK);
  }

  private LazyFile add(PreContent content) throws Exception {
    Path blob = instance.sparse("blob", SIZE);
    return content.add("blob", blob, map("map", SIZE));
  }

  private Path blob() {
    return instance.directory.resolve("blob");
  }

  private static byte[] read(Path file, long at, int length) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      ByteBuffer buffer = ByteBuffer.allocate(length);
      while (buffer.hasRemaining()) {
        if (channel.read(buffer, at + buffer.position()) < 0) {
          break;
        }
      }
      return buffer.array();
    }
  }

  @Test
  void everyChunkIsFilledOnceAndEveryByteIsRight() throws Exception {
    PreContent content = open(filler);
    add(content);
    content.serve();
    List<Process> readers =
        List.of(
            ReaderProcess.start(ReaderProcess.Way.PREAD, blob(), 1, 3, 12_288),
            ReaderProcess.start(ReaderProcess.Way.PREAD, blob(), 9, 2, 4096));
    for (Process reader : readers) {
      ReaderProcess.Result result = ReaderProcess.result(reader);
      assertThat(result.wrong()).isZero();
      assertThat(result.errors()).isZero();
    }
    assertThat(filler.stored()).isEqualTo((int) (SIZE / CHUNK));
    int calls = filler.calls();
    DiskSpace.dropCache(blob());
    assertThat(read(blob(), 0, CHUNK)).isEqualTo(Pattern.bytes(0, CHUNK).array());
    assertThat(filler.calls()).isEqualTo(calls);
  }

  @Test
  void aMappingOfTheFileIsFilledBeforeItIsThere() throws Exception {
    PreContent content = open(filler);
    add(content);
    content.serve();
    var result =
        ReaderProcess.result(ReaderProcess.start(ReaderProcess.Way.MMAP, blob(), 4, 2, 4096));
    assertThat(result.wrong()).isZero();
    assertThat(result.errors()).isZero();
  }

  @Test
  void aFailedFillIsAnErrorForTheReaderAndTheNextReadAsksAgain() throws Exception {
    PreContent content = open(filler);
    add(content);
    content.serve();
    filler.outcome = Filler.Failed.io();
    assertThatThrownBy(() -> read(blob(), CHUNK, 10)).isInstanceOf(IOException.class);
    filler.outcome = new Filler.Filled();
    assertThat(read(blob(), CHUNK, CHUNK)).isEqualTo(Pattern.bytes(CHUNK, CHUNK).array());
  }

  @Test
  void aFillerThatLiesOrThrowsLetsNobodySeeAHole() throws Exception {
    AtomicInteger calls = new AtomicInteger();
    PreContent content =
        open(
            (file, offset, count) -> {
              if (calls.getAndIncrement() > 0) {
                throw new IllegalStateException("a filler that throws, as the test wants");
              }
              return new Filler.Filled();
            });
    add(content);
    content.serve();
    assertThatThrownBy(() -> read(blob(), 0, 10)).isInstanceOf(IOException.class);
    assertThatThrownBy(() -> read(blob(), 0, 10)).isInstanceOf(IOException.class);
    assertThat(calls).hasValue(2);
  }

  @Test
  void aWholeFileLosesItsMarkAndAnotherOneDoesNot() throws Exception {
    PreContent content = open(filler);
    LazyFile file = add(content);
    content.serve();
    assertThatThrownBy(() -> content.remove(file, PreContent.Removal.WHOLE))
        .hasMessageContaining("parts of it are missing");
    read(blob(), 0, (int) SIZE);
    assertThat(file.map().isWhole()).isTrue();
    long marked = nanosToRead();
    content.remove(file, PreContent.Removal.WHOLE);
    int calls = filler.calls();
    long unmarked = nanosToRead();
    assertThat(filler.calls()).isEqualTo(calls);
    System.out.printf(
        "cached 16 MiB in 64 KiB reads: marked %d us, mark removed %d us%n",
        marked / 1000, unmarked / 1000);
    // without the keeper nobody answers: only an unmarked file can be read now
    instance.killKeeper();
    assertThat(read(blob(), CHUNK, CHUNK)).isEqualTo(Pattern.bytes(CHUNK, CHUNK).array());
  }

  private long nanosToRead() throws IOException {
    long best = Long.MAX_VALUE;
    for (int round = 0; round < 5; round++) {
      long from = System.nanoTime();
      try (FileChannel channel = FileChannel.open(blob(), StandardOpenOption.READ)) {
        ByteBuffer buffer = ByteBuffer.allocateDirect(CHUNK);
        for (long at = 0; at < SIZE; at += CHUNK) {
          buffer.clear();
          channel.read(buffer, at);
        }
      }
      best = Math.min(best, System.nanoTime() - from);
    }
    return best;
  }

  @Test
  void aDiscardedFileGivesItsWaitingReadersAnError() throws Exception {
    PreContent content = open(filler);
    LazyFile file = add(content);
    // nobody serves: the reader waits
    var error = new java.util.concurrent.CompletableFuture<Boolean>();
    Thread.ofPlatform()
        .start(
            () -> {
              try {
                read(blob(), 0, 10);
                error.complete(false);
              } catch (IOException e) {
                error.complete(true);
              }
            });
    LazyInstance.await("the reader waits", () -> instance.keeperHas(blob()) == 2);
    content.remove(file, PreContent.Removal.DISCARD);
    assertThat(error.get(20, java.util.concurrent.TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void filesThatComeAndGoLeaveNothingInTheKeeper() throws Exception {
    PreContent content = open(filler);
    content.serve();
    int before = instance.keeperDescriptors();
    for (int i = 0; i < 50; i++) {
      Path path = instance.sparse("f" + i, CHUNK);
      LazyFile file = content.add("f" + i, path, map("m" + i, CHUNK));
      assertThat(read(path, 8, 8)).isEqualTo(Pattern.bytes(8, 8).array());
      content.remove(file, PreContent.Removal.WHOLE);
    }
    assertThat(instance.keeperDescriptors()).isEqualTo(before);
  }

  @Test
  void anUpgradedKeeperGoesOnWithFilesAndWaitingReaders() throws Exception {
    PreContent content = open(filler);
    add(content);
    Process reader = ReaderProcess.start(ReaderProcess.Way.PREAD, blob(), 1, 4, CHUNK);
    try {
      LazyInstance.await("a reader waits", () -> instance.keeperHas(blob()) > 1);
      for (int i = 0; i < 3; i++) {
        int round = i + 1;
        try (var client = instance.client()) {
          client.upgrade(instance.companions);
        }
        LazyInstance.await("the connection ends", () -> ends.get() == round);
        Recovery recovery = content.reconnect();
        assertThat(recovery.found()).isEqualTo(PreContent.Origin.WAS_OPEN);
        assertThat(recovery.failed()).isZero();
      }
      var result = ReaderProcess.result(reader);
      assertThat(result.wrong()).isZero();
      assertThat(result.errors()).isZero();
    } finally {
      reader.destroyForcibly();
    }
  }

  @Test
  void theCostOfAnEventIsMeasured() throws Exception {
    PreContent content = open(filler);
    LazyFile file = add(content);
    content.serve();
    long[] fills = new long[(int) (SIZE / CHUNK)];
    long[] marked = new long[4000];
    long[] unmarked = new long[4000];
    try (FileChannel channel = FileChannel.open(blob(), StandardOpenOption.READ)) {
      measure(channel, fills, CHUNK);
      measure(channel, marked, 4096);
      measure(channel, marked, 4096);
      content.remove(file, PreContent.Removal.WHOLE);
      measure(channel, unmarked, 4096);
    }
    System.out.printf(
        "a read of 4 KiB in us, p50 / p99: filled by the platform %s, answered by the keeper %s, "
            + "no mark %s; load %s%n",
        percentiles(fills),
        percentiles(marked),
        percentiles(unmarked),
        Files.readString(Path.of("/proc/loadavg")).strip());
    assertThat(filler.stored()).isEqualTo((int) (SIZE / CHUNK));
  }

  private static void measure(FileChannel channel, long[] nanos, long stride) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocateDirect(4096);
    for (int i = 0; i < nanos.length; i++) {
      buffer.clear();
      long from = System.nanoTime();
      channel.read(buffer, i * stride % SIZE);
      nanos[i] = System.nanoTime() - from;
    }
  }

  private static String percentiles(long[] nanos) {
    long[] sorted = nanos.clone();
    Arrays.sort(sorted);
    return "%.1f / %.1f"
        .formatted(sorted[sorted.length / 2] / 1e3, sorted[sorted.length * 99 / 100] / 1e3);
  }
}
