package dev.nacelle.image.stream;

import dev.nacelle.base.bytes.Bytes;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;

/**
 * Writes the hash device of a {@link VerityTree} as {@code veritysetup} lays it out: a superblock
 * where wanted, then the levels, the topmost first; and tells whether one is what it was. Holds the
 * upper levels in memory, a 16,384th of the data. For one thread a call.
 */
public final class VerityDevice {
  private static final int SUPERBLOCK_BYTES = 512;
  private static final int UUID_BYTES = 16;
  private static final int BLOCKS_A_READ = 256;

  private VerityDevice() {}

  /** What the hash device begins with. */
  public enum Start {
    /** Nothing: {@code --no-superblock}. */
    TREE,
    /** A block with the superblock, whose UUID is the beginning of the salt. */
    SUPERBLOCK;

    /** Where behind the beginning of the device the tree begins. */
    public long treeOffsetBytes() {
      return this == SUPERBLOCK ? VerityTree.BLOCK_BYTES : 0;
    }
  }

  /** The size of the hash device. */
  public static long sizeBytes(VerityTree tree, Start start) {
    return start.treeOffsetBytes() + upperBytes(tree) + lowestBytes(tree);
  }

  /**
   * Reads the data from its beginning and writes the hash device at the beginning of {@code out}.
   *
   * @return the root hash
   * @throws EOFException if the data is shorter than the tree says
   */
  public static Bytes write(VerityTree tree, FileChannel data, FileChannel out, Start start)
      throws IOException {
    return write(tree, data, out, 0, start);
  }

  /**
   * As the other.
   *
   * @param offset where in {@code out} the device begins
   */
  public static Bytes write(
      VerityTree tree, FileChannel data, FileChannel out, long offset, Start start)
      throws IOException {
    long top = offset + start.treeOffsetBytes();
    long lowest = top + upperBytes(tree);
    byte[] hashes = new byte[tree.chunks() * VerityTree.HASH_BYTES];
    byte[] chunk = new byte[VerityTree.CHUNK_BYTES];
    boolean levels = tree.sizeBytes() > VerityTree.BLOCK_BYTES;
    for (int n = 0; n < tree.chunks(); n++) {
      Channels.read(
          data, (long) n * VerityTree.CHUNK_BYTES, ByteBuffer.wrap(chunk, 0, tree.chunkBytes(n)));
      if (levels) {
        byte[] block = tree.lowestBlock(n, chunk);
        byte[] hash = tree.levelAbove(block);
        System.arraycopy(hash, 0, hashes, n * VerityTree.HASH_BYTES, VerityTree.HASH_BYTES);
        long place = lowest + (long) n * VerityTree.BLOCK_BYTES;
        Channels.write(out, place, ByteBuffer.wrap(block));
      } else {
        tree.hashInto(hashes, n, chunk);
      }
    }
    long place = top;
    for (byte[] level : upperLevels(tree, hashes)) {
      Channels.write(out, place, ByteBuffer.wrap(level));
      place += level.length;
    }
    if (start == Start.SUPERBLOCK) {
      Channels.write(out, offset, superblock(tree));
    }
    return tree.root(hashes);
  }

  /**
   * Whether every hash block of a device is that of the tree with this root; the superblock, which
   * no kernel looks at, is not compared.
   *
   * @param offset where in {@code device} it begins
   */
  public static boolean isSound(
      VerityTree tree, Bytes root, FileChannel device, long offset, Start start)
      throws IOException {
    if (device.size() < offset + sizeBytes(tree, start)) {
      return false;
    }
    if (tree.sizeBytes() == VerityTree.BLOCK_BYTES) {
      return true; // no blocks: the root is the hash of the data
    }
    long place = offset + start.treeOffsetBytes();
    byte[] hashes = hashesOfLowest(tree, device, place + upperBytes(tree));
    if (!tree.root(hashes).equals(root)) {
      return false;
    }
    for (byte[] level : upperLevels(tree, hashes)) {
      byte[] there = new byte[level.length];
      Channels.read(device, place, ByteBuffer.wrap(there));
      if (!Arrays.equals(there, level)) {
        return false;
      }
      place += level.length;
    }
    return true;
  }

  private static byte[] hashesOfLowest(VerityTree tree, FileChannel device, long lowest)
      throws IOException {
    byte[] hashes = new byte[tree.chunks() * VerityTree.HASH_BYTES];
    for (int n = 0; n < tree.chunks(); n += BLOCKS_A_READ) {
      byte[] blocks = new byte[Math.min(BLOCKS_A_READ, tree.chunks() - n) * VerityTree.BLOCK_BYTES];
      Channels.read(device, lowest + (long) n * VerityTree.BLOCK_BYTES, ByteBuffer.wrap(blocks));
      byte[] above = tree.levelAbove(blocks);
      System.arraycopy(above, 0, hashes, n * VerityTree.HASH_BYTES, above.length);
    }
    return hashes;
  }

  /** The levels above the lowest, the topmost first; none where one hash block is the top. */
  private static Deque<byte[]> upperLevels(VerityTree tree, byte[] chunkHashes) {
    var levels = new ArrayDeque<byte[]>();
    byte[] level = chunkHashes;
    while (level.length > VerityTree.HASH_BYTES) {
      levels.addFirst(VerityTree.padded(level));
      level = tree.levelAbove(level);
    }
    return levels;
  }

  private static long lowestBytes(VerityTree tree) {
    boolean levels = tree.sizeBytes() > VerityTree.BLOCK_BYTES;
    return levels ? (long) tree.chunks() * VerityTree.BLOCK_BYTES : 0;
  }

  private static long upperBytes(VerityTree tree) {
    long total = 0;
    for (long hashes = tree.chunks(); hashes > 1; ) {
      long blocks = (hashes - 1) / VerityTree.BLOCKS_PER_CHUNK + 1;
      total += blocks * VerityTree.BLOCK_BYTES;
      hashes = blocks;
    }
    return total;
  }

  /** {@code struct verity_sb} of cryptsetup. */
  private static ByteBuffer superblock(VerityTree tree) {
    byte[] salt = tree.salt().toByteArray();
    var block = ByteBuffer.allocate(VerityTree.BLOCK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    block.put("verity".getBytes(StandardCharsets.US_ASCII)).position(8);
    block.putInt(1).putInt(1); // version, hash format
    block.put(salt, 0, Math.min(UUID_BYTES, salt.length)).position(32);
    block.put("sha256".getBytes(StandardCharsets.US_ASCII)).position(64);
    block.putInt(VerityTree.BLOCK_BYTES).putInt(VerityTree.BLOCK_BYTES);
    block.putLong(tree.sizeBytes() / VerityTree.BLOCK_BYTES);
    block.putShort((short) salt.length).position(88);
    block.put(salt);
    return block.position(0).limit(Math.max(SUPERBLOCK_BYTES, VerityTree.BLOCK_BYTES));
  }
}
