package dev.nacelle.bench.lazy;

import dev.nacelle.image.stream.AccessTrace;
import dev.nacelle.image.stream.StreamConversion;
import dev.nacelle.image.stream.StreamForm;
import dev.nacelle.image.stream.StreamIndex;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** A made-up layer that compresses as programs do, and what a start reads of it. */
record LayerSample(StreamForm form, List<Integer> needed) {
  static final int CHUNK_BYTES = 512 << 10;
  private static final int CHUNKS = 256;
  private static final int BLOCK = 4096;

  /** As for 10,000 files; some 0.3 MB stored. */
  private static final int METADATA_BYTES = 1700 << 10;

  /** Some 13 MB stored. */
  private static final int NEEDED = 60;

  static LayerSample make(Path work) throws IOException, InterruptedException {
    var random = new Random(1);
    Path data = work.resolve("data.blob");
    byte[] noise = new byte[BLOCK];
    byte[] block = new byte[BLOCK];
    try (OutputStream out = Files.newOutputStream(data)) {
      for (int n = 0; n < CHUNKS * (CHUNK_BYTES / BLOCK); n++) {
        random.nextBytes(noise);
        System.arraycopy(noise, 0, block, 0, BLOCK * 2 / 5);
        for (int i = BLOCK * 2 / 5; i < BLOCK; i++) {
          block[i] = block[i - 1 - n % 700];
        }
        out.write(block);
      }
    }
    byte[] names = new byte[METADATA_BYTES];
    for (int i = 0; i < names.length; i += 64) {
      random.nextBytes(noise);
      System.arraycopy(noise, 0, names, i, 10);
    }
    Path metadata = Files.write(work.resolve("metadata"), names);
    StreamForm form =
        new StreamConversion(2)
            .convert(
                "sha256:" + "ab".repeat(32),
                metadata,
                data,
                Files.createDirectory(work.resolve("form")));
    return new LayerSample(form, needed(random));
  }

  /** Runs of one to six chunks here and there, a few chunks apart from their order. */
  private static List<Integer> needed(Random random) {
    var result = new ArrayList<Integer>();
    while (result.size() < NEEDED) {
      int first = random.nextInt(CHUNKS - 6);
      int count = 1 + random.nextInt(6);
      for (int n = first; n < first + count && result.size() < NEEDED; n++) {
        if (!result.contains(n)) {
          result.add(Math.max(0, result.size() - random.nextInt(4)), n);
        }
      }
    }
    return result;
  }

  StreamIndex index() {
    return form.index();
  }

  /** What a run that reads so would have written down. */
  AccessTrace trace() {
    var accesses = new ArrayList<AccessTrace.Access>();
    for (int chunk : needed) {
      accesses.add(new AccessTrace.Access(0, chunk, accesses.size() * 1000L));
    }
    return new AccessTrace(List.of(AccessTrace.Layer.of(index())), accesses);
  }

  long neededBytes() {
    return needed.stream().mapToLong(n -> index().storedBytes(n)).sum();
  }
}
