package dev.nacelle.bench.lazy;

import dev.nacelle.base.files.Trees;
import dev.nacelle.bench.platform.Session;
import dev.nacelle.bench.report.Samples;
import dev.nacelle.bench.report.Table;
import dev.nacelle.image.stream.BlobFile;
import dev.nacelle.image.stream.ChunkRange;
import dev.nacelle.image.stream.FetchPolicy;
import dev.nacelle.image.stream.FileChunkSource;
import dev.nacelle.image.stream.LazyLayer;
import dev.nacelle.image.stream.LazyLayerFiles;
import dev.nacelle.image.stream.LazyLayerSettings;
import dev.nacelle.image.stream.TraceReplay;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/**
 * How long a reader waits for what it needs of a layer whose source is 0, 5 and 20 ms away: alone,
 * with a prefetch in the background, with the replay of a trace; and for all of the layer, beside
 * one whole download of it. The ways take turns.
 */
public final class LazyFills {
  private static final List<Duration> AWAY =
      List.of(Duration.ZERO, Duration.ofMillis(5), Duration.ofMillis(20));

  /** A way to get at chunks. */
  @FunctionalInterface
  private interface Way {
    void run(LazyLayer layer) throws IOException, InterruptedException;
  }

  private record Named(
      String name, Way way, Samples millis, Samples processorMillis, Samples requests) {
    Named(String name, Way way) {
      this(name, way, new Samples(), new Samples(), new Samples());
    }
  }

  private final LayerSample sample;
  private final Path work;
  private int layers;

  private LazyFills(LayerSample sample, Path work) {
    this.sample = sample;
    this.work = work;
  }

  public static void run(Session session, int count) throws IOException, InterruptedException {
    Path work = Files.createTempDirectory(session.work(), "lazy-");
    try {
      LayerSample sample = LayerSample.make(work);
      session.heading(
          "lazy: a layer of %d MB, stored %d MB; a start needs %.1f MB of them, stored %.1f MB"
              .formatted(
                  sample.index().dataBytes() / 1_000_000,
                  sample.index().storedBytes() / 1_000_000,
                  sample.needed().size() * LayerSample.CHUNK_BYTES / 1e6,
                  sample.neededBytes() / 1e6));
      var fills = new LazyFills(sample, work);
      fills.measure(Duration.ZERO, 2); // the first runs compile
      Table table = new Table("", "ms away", "p50 ms", "min ms", "CPU ms", "requests");
      for (Duration away : AWAY) {
        for (Named way : fills.measure(away, count)) {
          table.row(
              way.name(),
              String.valueOf(away.toMillis()),
              Table.number(way.millis().median()),
              Table.number(way.millis().min()),
              Table.number(way.processorMillis().median()),
              Table.number(way.requests().median()));
        }
      }
      session.out().println();
      table.print(session.out());
      Openings.run(session, sample, work, count);
    } finally {
      Trees.delete(work);
    }
  }

  private List<Named> measure(Duration away, int count) throws IOException, InterruptedException {
    List<Named> ways =
        List.of(
            new Named("start, alone", this::readNeeded),
            new Named("start, background prefetch", this::prefetched),
            new Named("start, replay of the trace", this::replayed),
            new Named("replay itself, no reader", this::replayAlone),
            new Named("all, whole download", LazyFills::download),
            new Named("all, front to back", this::frontToBack),
            new Named("all, in any order", this::anyOrder));
    for (int i = 0; i < count; i++) {
      for (Named way : ways) {
        measure(way, away);
      }
    }
    return ways;
  }

  private void measure(Named way, Duration away) throws IOException, InterruptedException {
    Path directory = Files.createDirectory(work.resolve("layer-" + layers++));
    var files = new LazyLayerFiles(directory);
    files.create(sample.index(), "boot");
    var near = new FileChunkSource(sample.index(), sample.form().chunkBlob().file());
    var source = new FarSource(near, away);
    var settings =
        new LazyLayerSettings(
            List.of(source), FetchPolicy.DEFAULT, InstantSource.system(), "boot", () -> {});
    try (FileChannel data =
            FileChannel.open(files.data(), StandardOpenOption.READ, StandardOpenOption.WRITE);
        LazyLayer layer = LazyLayer.open(sample.index(), files, BlobFile.of(data), settings)) {
      long processor = processorNanos();
      long begun = System.nanoTime();
      way.way().run(layer);
      way.millis().add((System.nanoTime() - begun) / 1e6);
      way.processorMillis().add((processorNanos() - processor) / 1e6);
      way.requests().add(source.requests());
    } finally {
      Trees.delete(directory);
    }
  }

  private static long processorNanos() {
    return ManagementFactory.getOperatingSystemMXBean()
            instanceof com.sun.management.OperatingSystemMXBean system
        ? system.getProcessCpuTime()
        : 0;
  }

  private void readNeeded(LazyLayer layer) throws IOException, InterruptedException {
    for (int chunk : sample.needed()) {
      read(layer, chunk);
    }
  }

  private static void read(LazyLayer layer, int chunk) throws IOException, InterruptedException {
    layer.fill((long) chunk * LayerSample.CHUNK_BYTES, 4096);
  }

  private void prefetched(LazyLayer layer) throws IOException, InterruptedException {
    layer.prefetch(sample.needed().stream().map(n -> new ChunkRange(n, 1)).toList());
    readNeeded(layer);
  }

  private void replayed(LazyLayer layer) throws IOException, InterruptedException {
    try (var replay = TraceReplay.start(sample.trace(), List.of(layer))) {
      readNeeded(layer);
    }
  }

  private void replayAlone(LazyLayer layer) throws InterruptedException {
    try (var replay = TraceReplay.start(sample.trace(), List.of(layer))) {
      replay.await();
    }
  }

  private static void download(LazyLayer layer) throws IOException, InterruptedException {
    layer.prefetchAll();
    layer.awaitWhole();
  }

  private void frontToBack(LazyLayer layer) throws IOException, InterruptedException {
    for (int n = 0; n < sample.index().chunks(); n++) {
      read(layer, n);
    }
  }

  private void anyOrder(LazyLayer layer) throws IOException, InterruptedException {
    var order = new ArrayList<Integer>();
    for (int n = 0; n < sample.index().chunks(); n++) {
      order.add(n);
    }
    Collections.shuffle(order, new Random(7));
    for (int n : order) {
      read(layer, n);
    }
  }
}
