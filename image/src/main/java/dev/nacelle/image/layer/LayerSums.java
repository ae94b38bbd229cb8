package dev.nacelle.image.layer;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;

/**
 * What tells where the files of a layer have changed on the disk: the digest of the metadata image,
 * and a CRC-32C of each 512 KiB of the data. Whether the data has changed, its sha256 says; this
 * only finds the place, at next to no cost while the layer is built.
 *
 * @param metadataDigest {@code sha256:HEX}
 * @param chunks four bytes for each chunk of the data, big-endian
 */
public record LayerSums(String metadataDigest, byte[] chunks) {
  /** Its name beside the layer's files. */
  public static final String FILE = "layer.sums";

  public static final int CHUNK_BYTES = 512 << 10;

  private static final int DIGEST_CHARACTERS = "sha256:".length() + 64;
  private static final long MAX_BYTES = 16 << 20;

  public LayerSums {
    chunks = chunks.clone();
  }

  void write(Path file) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(DIGEST_CHARACTERS + chunks.length);
    bytes.put(metadataDigest.getBytes(java.nio.charset.StandardCharsets.US_ASCII));
    bytes.put(chunks).flip();
    try (FileChannel out =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      while (bytes.hasRemaining()) {
        out.write(bytes);
      }
      out.force(true);
    }
  }

  /**
   * @throws IOException if the file is not there or no such file
   */
  public static LayerSums read(Path file) throws IOException {
    long size = Files.size(file);
    if (size < DIGEST_CHARACTERS || size > MAX_BYTES || (size - DIGEST_CHARACTERS) % 4 != 0) {
      throw new IOException("cannot read " + file + ": it has " + size + " bytes");
    }
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file));
    byte[] digest = new byte[DIGEST_CHARACTERS];
    bytes.get(digest);
    byte[] chunks = new byte[bytes.remaining()];
    bytes.get(chunks);
    return new LayerSums(new String(digest, java.nio.charset.StandardCharsets.US_ASCII), chunks);
  }

  /** Whether a chunk of the data is what it was. */
  public boolean fits(int chunk, byte[] data, int length) {
    if ((long) chunk * 4 + 4 > chunks.length) {
      return false;
    }
    var crc = new CRC32C();
    crc.update(data, 0, length);
    return ByteBuffer.wrap(chunks).getInt(chunk * 4) == (int) crc.getValue();
  }
}
