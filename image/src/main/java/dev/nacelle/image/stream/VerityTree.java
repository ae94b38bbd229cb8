package dev.nacelle.image.stream;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.image.layer.Sha256;
import java.nio.ByteBuffer;
import java.security.DigestException;
import java.security.MessageDigest;
import java.util.Arrays;

/**
 * The dm-verity hash tree of a device: sha256, blocks of 4096 bytes, hash format 1 (the salt goes
 * before each block), as {@code veritysetup format} makes it and a kernel checks it. A chunk is
 * what one hash block of the lowest level covers, 128 blocks, so the hashes of the second level are
 * one a chunk, and a chunk is proved by its own bytes and one of them. Where the device is a single
 * chunk that hash is the root. Immutable; safe for any thread.
 *
 * @see <a href="https://docs.kernel.org/admin-guide/device-mapper/verity.html">dm-verity</a>
 */
public final class VerityTree {
  public static final int BLOCK_BYTES = 4096;
  public static final int HASH_BYTES = 32;
  public static final int BLOCKS_PER_CHUNK = BLOCK_BYTES / HASH_BYTES;
  public static final int CHUNK_BYTES = BLOCKS_PER_CHUNK * BLOCK_BYTES;

  /** The longest salt the superblock has room for. */
  private static final int MAX_SALT_BYTES = 256;

  private final byte[] salt;
  private final long sizeBytes;

  /**
   * @param sizeBytes of the device: at least one block, and whole blocks
   */
  public VerityTree(Bytes salt, long sizeBytes) {
    if (sizeBytes < BLOCK_BYTES || sizeBytes % BLOCK_BYTES != 0) {
      throw new IllegalArgumentException(
          "cannot hash a device of " + sizeBytes + " bytes: it must be whole blocks of 4096");
    }
    if (salt.sizeBytes() > MAX_SALT_BYTES || chunks(sizeBytes) > 1 << 24) {
      throw new IllegalArgumentException("cannot hash: the salt or the device is too large");
    }
    this.salt = salt.toByteArray();
    this.sizeBytes = sizeBytes;
  }

  private static long chunks(long sizeBytes) {
    return (sizeBytes - 1) / CHUNK_BYTES + 1;
  }

  public long sizeBytes() {
    return sizeBytes;
  }

  public Bytes salt() {
    return Bytes.copyOf(salt);
  }

  public int chunks() {
    return (int) chunks(sizeBytes);
  }

  /** The size of a chunk: {@link #CHUNK_BYTES}, the last one's may be less. */
  public int chunkBytes(int chunk) {
    if (chunk < 0 || chunk >= chunks()) {
      throw new IndexOutOfBoundsException("chunk " + chunk + " of " + chunks());
    }
    return (int) Math.min(CHUNK_BYTES, sizeBytes - (long) chunk * CHUNK_BYTES);
  }

  /**
   * The hash that proves a chunk, 32 bytes.
   *
   * @param data holds the chunk from its beginning on; may be longer
   */
  public byte[] chunkHash(int chunk, byte[] data) {
    MessageDigest digest = Sha256.newDigest();
    byte[] lowest = lowestBlock(chunk, data, digest);
    return sizeBytes == BLOCK_BYTES
        ? Arrays.copyOf(lowest, HASH_BYTES) // a tree without levels: the block's hash is the root
        : blockHash(digest, lowest, 0);
  }

  /** Puts the hash of a chunk into its place among those of all chunks. */
  void hashInto(byte[] chunkHashes, int chunk, byte[] data) {
    System.arraycopy(chunkHash(chunk, data), 0, chunkHashes, chunk * HASH_BYTES, HASH_BYTES);
  }

  /** The hash block of the lowest level for a chunk, padded by zeros. */
  byte[] lowestBlock(int chunk, byte[] data) {
    return lowestBlock(chunk, data, Sha256.newDigest());
  }

  private byte[] lowestBlock(int chunk, byte[] data, MessageDigest digest) {
    int blocks = chunkBytes(chunk) / BLOCK_BYTES;
    byte[] result = new byte[BLOCK_BYTES];
    for (int i = 0; i < blocks; i++) {
      digest.update(salt);
      digest.update(data, i * BLOCK_BYTES, BLOCK_BYTES);
      finish(digest, result, i * HASH_BYTES);
    }
    return result;
  }

  private byte[] blockHash(MessageDigest digest, byte[] blocks, int offset) {
    digest.update(salt);
    digest.update(blocks, offset, BLOCK_BYTES);
    return digest.digest();
  }

  private static void finish(MessageDigest digest, byte[] into, int offset) {
    try {
      digest.digest(into, offset, HASH_BYTES);
    } catch (DigestException e) {
      throw new IllegalStateException("32 bytes have room for a sha256", e);
    }
  }

  /** Whether {@code data} is the chunk that {@code hash} stands for. */
  public boolean proves(ByteBuffer hash, int chunk, byte[] data) {
    return ByteBuffer.wrap(chunkHash(chunk, data)).equals(hash);
  }

  /**
   * The root hash over the hashes of all chunks, one behind the other.
   *
   * @throws IllegalArgumentException if these are not as many as the device has chunks
   */
  public Bytes root(byte[] chunkHashes) {
    if (chunkHashes.length != chunks() * HASH_BYTES) {
      throw new IllegalArgumentException("cannot hash: not one hash a chunk");
    }
    byte[] level = chunkHashes;
    while (level.length > HASH_BYTES) {
      level = levelAbove(level);
    }
    return Bytes.copyOf(level);
  }

  /** One hash for each block that {@code hashes} fill. */
  byte[] levelAbove(byte[] hashes) {
    MessageDigest digest = Sha256.newDigest();
    byte[] padded = padded(hashes);
    byte[] above = new byte[padded.length / BLOCKS_PER_CHUNK];
    for (int i = 0; i * BLOCK_BYTES < padded.length; i++) {
      byte[] hash = blockHash(digest, padded, i * BLOCK_BYTES);
      System.arraycopy(hash, 0, above, i * HASH_BYTES, HASH_BYTES);
    }
    return above;
  }

  /** Whole blocks, zeros at the end. */
  static byte[] padded(byte[] hashes) {
    return Arrays.copyOf(hashes, (hashes.length + BLOCK_BYTES - 1) / BLOCK_BYTES * BLOCK_BYTES);
  }
}
