package dev.nacelle.bench.teleport;

import dev.nacelle.bench.platform.Session;
import dev.nacelle.bench.report.Samples;
import dev.nacelle.bench.report.Table;
import dev.nacelle.bench.report.Target;
import dev.nacelle.cli.VerbException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;

/** What a read costs: of what is here in a layer that is not whole, and once a layer is whole. */
final class ReadsRow {
  private static final int CHUNK = 512 << 10;
  private static final int BLOCK = 4096;
  private static final int EVENTS = 6_000;
  private static final int BATCH = 50;
  private static final int WARM_UP = 3_000;
  private static final int PAIRS = 40;
  private static final int PASSES = 4;

  private final Session session;
  private final Scene scene;
  private final Scene.Parts parts;

  ReadsRow(Session session, Scene scene, Scene.Parts parts) {
    this.session = session;
    this.scene = scene;
    this.parts = parts;
  }

  void run() throws IOException, InterruptedException, VerbException {
    String image = parts.registry().near().image(Scene.TRACED);
    parts.images().forget();
    String pod = parts.starts().rest(image);
    parts.images().coldStartEnded();
    events();
    parts.images().pullWhole(image);
    parts.images().awaitSettled();
    throughput();
    parts.starts().remove(Set.of(pod));
  }

  private void events() throws IOException, InterruptedException {
    Path layer =
        parts.images().filling().stream()
            .filter(l -> presentChunk(l) >= 0)
            .findFirst()
            .orElseThrow(() -> new IOException("there is no layer of which a part is here"));
    long from = (long) presentChunk(layer) * CHUNK;
    Path plain = scene.work().resolve("chunk");
    var marked = new Samples();
    var unmarked = new Samples();
    try (FileChannel data = FileChannel.open(layer.resolve("data.blob"), StandardOpenOption.READ)) {
      ByteBuffer chunk = ByteBuffer.allocate(CHUNK);
      data.read(chunk, from);
      Files.write(plain, chunk.array());
      try (FileChannel other = FileChannel.open(plain, StandardOpenOption.READ)) {
        measure(data, from, WARM_UP, new Samples());
        measure(other, 0, WARM_UP, new Samples());
        for (int i = 0; i < EVENTS; i += BATCH) {
          measure(data, from, BATCH, marked);
          measure(other, 0, BATCH, unmarked);
        }
      }
    }
    session.heading("teleport: a read of 4 KiB that is here and cached, one reader");
    Table table = Table.ofQuantiles("microseconds");
    table.quantiles("layer not whole: an event for each read", marked);
    table.quantiles("a file without events", unmarked);
    table.print(session.out());
    session
        .out()
        .printf(
            "an event costs %.1f us (p50), %.1f us (p99)%n",
            marked.median() - unmarked.median(), marked.quantile(0.99) - unmarked.quantile(0.99));
  }

  /** The first chunk that is here, and not the last one; -1 if there is none. */
  private static int presentChunk(Path layer) {
    try {
      ByteBuffer map =
          ByteBuffer.wrap(Files.readAllBytes(layer.resolve("present.map")))
              .order(ByteOrder.LITTLE_ENDIAN);
      long chunks = Files.size(layer.resolve("data.blob")) / CHUNK;
      for (int n = 0; n < chunks; n++) {
        if ((map.getInt(n / 32 * 4) >>> (n & 31) & 1) == 1) {
          return n;
        }
      }
      return -1;
    } catch (IOException e) {
      return -1; // it has become whole
    }
  }

  private static void measure(FileChannel file, long from, int count, Samples micros)
      throws IOException {
    var random = new Random(1);
    ByteBuffer block = ByteBuffer.allocateDirect(BLOCK);
    for (int i = 0; i < count; i++) {
      long offset = from + (long) random.nextInt(CHUNK / BLOCK) * BLOCK;
      block.clear();
      long began = System.nanoTime();
      int read = file.read(block, offset);
      micros.add((System.nanoTime() - began) / 1e3);
      if (read <= 0) {
        throw new IOException("cannot read what is here");
      }
    }
  }

  private void throughput() throws IOException, InterruptedException {
    Path mounted = largest();
    Path plain = scene.work().resolve("native");
    Files.copy(mounted, plain, StandardCopyOption.REPLACE_EXISTING);
    var image = new Samples();
    var file = new Samples();
    speed(mounted);
    speed(plain);
    double sum = 0;
    double squares = 0;
    for (int pair = 0; pair < PAIRS; pair++) {
      double first = speed(pair % 2 == 0 ? mounted : plain);
      double second = speed(pair % 2 == 0 ? plain : mounted);
      double here = pair % 2 == 0 ? first : second;
      double there = pair % 2 == 0 ? second : first;
      image.add(here);
      file.add(there);
      double ratio = Math.log(here / there);
      sum += ratio;
      squares += ratio * ratio;
    }
    double mean = sum / PAIRS;
    double deviation = Math.sqrt((squares - PAIRS * mean * mean) / (PAIRS - 1));
    double half = 2.02 * deviation / Math.sqrt(PAIRS); // Student's t for 39 degrees of freedom
    session.heading(
        "teleport: reads of a file of %d MB, cached, after the fill beside a native one, %d pairs"
            .formatted(Files.size(plain) / 1_000_000, PAIRS));
    Table table = Table.ofQuantiles("GB/s");
    table.quantiles("in the image", image);
    table.quantiles("native", file);
    table.print(session.out());
    session
        .out()
        .printf(
            "image / native: %.3f, 95 %% interval %.3f to %.3f%n",
            Math.exp(mean), Math.exp(mean - half), Math.exp(mean + half));
    Target.above("image / native, upper end", "", 1, 1).print(Math.exp(mean + half), session.out());
  }

  private Path largest() throws IOException {
    try (Stream<Path> all = Files.walk(parts.images().mounts())) {
      return all.filter(f -> Files.isRegularFile(f, LinkOption.NOFOLLOW_LINKS))
          .max(Comparator.comparingLong(f -> f.toFile().length()))
          .orElseThrow(() -> new IOException("no layer is mounted"));
    }
  }

  private static double speed(Path file) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 20);
    long bytes = 0;
    long began = System.nanoTime();
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      for (int pass = 0; pass < PASSES; pass++) {
        channel.position(0);
        int read = channel.read(buffer.clear());
        while (read > 0) {
          bytes += read;
          read = channel.read(buffer.clear());
        }
      }
    }
    return bytes / (double) (System.nanoTime() - began);
  }
}
