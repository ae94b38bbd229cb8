package dev.nacelle.image.stream;

import dev.nacelle.base.bytes.Bytes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;

/** A made-up layer of a few chunks of every encoding, and its streaming form. */
record SampleStream(
    byte[] data, byte[] metadata, Path dataFile, Path metadataFile, StreamForm form) {
  static final String DIFF_ID = "sha256:" + "0123456789abcdef".repeat(4);

  /** The chunks are text, noise, zeros in turn; the last one has a single block. */
  static SampleStream make(Path directory, int chunks) throws IOException, InterruptedException {
    return make(directory, chunks, 2);
  }

  static SampleStream make(Path directory, int chunks, int parallelism)
      throws IOException, InterruptedException {
    byte[] data = data(chunks);
    byte[] metadata = Arrays.copyOf(data, 5 * 4096);
    Path dataFile = Files.write(directory.resolve("data.blob"), data);
    Path metadataFile = Files.write(directory.resolve("metadata.erofs"), metadata);
    Path out = Files.createDirectory(directory.resolve("form-" + parallelism));
    StreamForm form =
        new StreamConversion(parallelism).convert(DIFF_ID, metadataFile, dataFile, out);
    return new SampleStream(data, metadata, dataFile, metadataFile, form);
  }

  private static byte[] data(int chunks) {
    byte[] data = new byte[(chunks - 1) * VerityTree.CHUNK_BYTES + VerityTree.BLOCK_BYTES];
    var random = new Random(chunks);
    for (int n = 0; n < chunks; n++) {
      int from = n * VerityTree.CHUNK_BYTES;
      int to = Math.min(data.length, from + VerityTree.CHUNK_BYTES);
      byte[] chunk = new byte[to - from];
      switch (n % 3) {
        case 0 -> {
          for (int i = 0; i < chunk.length; i++) {
            chunk[i] = (byte) ("line " + (i >> 6) % 1000 + " of " + n + "      ").charAt(i % 12);
          }
        }
        case 1 -> random.nextBytes(chunk);
        default -> {}
      }
      System.arraycopy(chunk, 0, data, from, chunk.length);
    }
    return data;
  }

  StreamIndex index() {
    return form.index();
  }

  Bytes chunk(int n) {
    int from = n * VerityTree.CHUNK_BYTES;
    return Bytes.wrap(Arrays.copyOfRange(data, from, from + index().chunkBytes(n)));
  }
}
