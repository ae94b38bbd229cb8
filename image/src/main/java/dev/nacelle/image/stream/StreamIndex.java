package dev.nacelle.image.stream;

import dev.nacelle.base.bytes.Bytes;
import java.nio.ByteBuffer;
import java.util.HexFormat;

/**
 * What makes a blob of chunks readable: for each chunk of a layer's data its place in the blob and
 * its hash, and what the metadata image must be. Believed only after the hash tree over all chunks
 * has given the root hash. The salt of both trees is the diff id. Immutable; safe for any thread.
 */
public final class StreamIndex {
  /** Changes whenever a reader of the old version would not understand. */
  public static final int FORMAT_VERSION = 1;

  /** As many bytes of data as a layer may have. */
  public static final long MAX_DATA_BYTES = 256L << 30;

  /** No metadata image is larger. */
  public static final long MAX_METADATA_BYTES = 1L << 30;

  /**
   * The metadata image.
   *
   * @param sizeBytes of the image
   * @param storedBytes of its compressed form
   * @param sha256 of the image, 32 bytes
   * @param root its dm-verity root hash, 32 bytes
   */
  public record Metadata(long sizeBytes, long storedBytes, Bytes sha256, Bytes root) {
    public Metadata {
      boolean whole = sizeBytes >= VerityTree.BLOCK_BYTES && sizeBytes % 4096 == 0;
      if (!whole || sizeBytes > MAX_METADATA_BYTES) {
        throw new IllegalArgumentException("a metadata image of " + sizeBytes + " bytes");
      }
      if (storedBytes < 1 || storedBytes > sizeBytes + sizeBytes / 128 + 4096) {
        throw new IllegalArgumentException("compressed metadata of " + storedBytes + " bytes");
      }
      requireHash(sha256);
      requireHash(root);
    }
  }

  /** How a chunk is stored. */
  public enum Encoding {
    /** All zeros: not at all. */
    ZEROS,
    /** As it is, because compression would not make it smaller. */
    RAW,
    /** One zstd frame. */
    ZSTD
  }

  private final Bytes diffId;
  private final VerityTree tree;
  private final Bytes root;
  private final Metadata metadata;

  /** Where each chunk begins in the blob; one more, the blob's size. */
  private final long[] offsets;

  private final byte[] hashes;

  /**
   * @param diffId 32 bytes
   * @param storedBytes of each chunk
   * @param hashes of all chunks, one behind the other
   */
  StreamIndex(Bytes diffId, long dataBytes, int[] storedBytes, byte[] hashes, Metadata metadata) {
    requireHash(diffId);
    if (dataBytes > MAX_DATA_BYTES) {
      throw new IllegalArgumentException("data of " + dataBytes + " bytes");
    }
    this.diffId = diffId;
    this.tree = new VerityTree(diffId, dataBytes);
    this.metadata = metadata;
    if (storedBytes.length != tree.chunks()) {
      throw new IllegalArgumentException(
          storedBytes.length + " lengths for " + tree.chunks() + " chunks");
    }
    this.hashes = hashes.clone();
    this.root = tree.root(this.hashes);
    this.offsets = new long[storedBytes.length + 1];
    for (int n = 0; n < storedBytes.length; n++) {
      if (storedBytes[n] < 0 || storedBytes[n] > tree.chunkBytes(n)) {
        throw new IllegalArgumentException("chunk " + n + " with " + storedBytes[n] + " bytes");
      }
      offsets[n + 1] = offsets[n] + storedBytes[n];
    }
    checkZeros();
  }

  /** A chunk without bytes must have the hash of zeros: there is nothing else it could be. */
  private void checkZeros() {
    ByteBuffer whole = ByteBuffer.allocate(0);
    byte[] zeros = new byte[VerityTree.CHUNK_BYTES];
    for (int n = 0; n < chunks(); n++) {
      if (encoding(n) != Encoding.ZEROS) {
        continue;
      }
      boolean full = chunkBytes(n) == VerityTree.CHUNK_BYTES;
      if (!full || !whole.hasRemaining()) {
        whole = ByteBuffer.wrap(tree.chunkHash(n, zeros));
      }
      if (!hash(n).equals(whole)) {
        throw new IllegalArgumentException("chunk " + n + " has no bytes and is not zeros");
      }
    }
  }

  static void requireHash(Bytes hash) {
    if (hash.sizeBytes() != VerityTree.HASH_BYTES) {
      throw new IllegalArgumentException("a hash of " + hash.sizeBytes() + " bytes");
    }
  }

  /**
   * Reads an index. Nothing of it is believed that the bytes do not prove.
   *
   * @throws StreamFormatException if anything in it is not as it must be
   */
  public static StreamIndex parse(Bytes bytes) throws StreamFormatException {
    return StreamIndexFormat.parse(bytes);
  }

  /** The bytes of the index; the same index gives the same bytes. */
  public Bytes toBytes() {
    return StreamIndexFormat.write(this);
  }

  /** {@code sha256:HEX} of the layer's uncompressed tar. */
  public String diffId() {
    return "sha256:" + HexFormat.of().formatHex(diffId.unsafeArray());
  }

  /** The salt of both hash trees: the 32 bytes of the diff id. */
  public Bytes salt() {
    return diffId;
  }

  /** The hash tree of the data. */
  public VerityTree tree() {
    return tree;
  }

  /** The dm-verity root hash of the data, 32 bytes. */
  public Bytes root() {
    return root;
  }

  public Metadata metadata() {
    return metadata;
  }

  public long dataBytes() {
    return tree.sizeBytes();
  }

  public int chunks() {
    return tree.chunks();
  }

  /** The plain size of a chunk. */
  public int chunkBytes(int chunk) {
    return tree.chunkBytes(chunk);
  }

  /** Where a chunk begins in the blob; that of {@link #chunks} is the size of the blob. */
  public long offset(int chunk) {
    return offsets[chunk];
  }

  /** How many bytes a chunk has in the blob. */
  public int storedBytes(int chunk) {
    return (int) (offsets[chunk + 1] - offsets[chunk]);
  }

  /** How many bytes neighbouring chunks have in the blob. */
  public long storedBytes(ChunkRange range) {
    return offsets[range.end()] - offsets[range.first()];
  }

  /** The size of the blob of chunks. */
  public long storedBytes() {
    return offsets[chunks()];
  }

  public Encoding encoding(int chunk) {
    int stored = storedBytes(chunk);
    if (stored == 0) {
      return Encoding.ZEROS;
    }
    return stored == chunkBytes(chunk) ? Encoding.RAW : Encoding.ZSTD;
  }

  /** The hash that proves a chunk; read-only. */
  public ByteBuffer hash(int chunk) {
    return ByteBuffer.wrap(hashes, chunk * VerityTree.HASH_BYTES, VerityTree.HASH_BYTES)
        .slice()
        .asReadOnlyBuffer();
  }

  /** Whether {@code data} begins with the very bytes of the chunk. */
  public boolean proves(int chunk, byte[] data) {
    return tree.proves(hash(chunk), chunk, data);
  }

  byte[] hashes() {
    return hashes;
  }
}
