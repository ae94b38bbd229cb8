package dev.nacelle.image.stream;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Writes the hash device of a {@link VerityTree} as {@code veritysetup} lays it out: a superblock
 * where wanted, then the levels, the topmost first. Holds the upper levels in memory, a 16,384th of
 * the data. For one thread a call.
 */
public final class VerityDevice {
  private static final int SUPERBLOCK_BYTES = 512;
  private static final int UUID_BYTES = 16;

  private VerityDevice() {}

  /** What the hash device begins with. */
  public enum Start {
    /** Nothing: {@code --no-superblock}. */
    TREE,
    /** A block with the superblock, whose UUID is the beginning of the salt. */
    SUPERBLOCK
  }

  /**
   * Reads the data from its beginning and writes the hash device at the beginning of {@code out}.
   *
   * @return the root hash
   * @throws EOFException if the data is shorter than the tree says
   */
  public static dev.nacelle.base.bytes.Bytes write(
      VerityTree tree, FileChannel data, FileChannel out, Start start) throws IOException {
    long superblock = start == Start.SUPERBLOCK ? VerityTree.BLOCK_BYTES : 0;
    long lowest = superblock + upperBytes(tree);
    byte[] hashes = new byte[tree.chunks() * VerityTree.HASH_BYTES];
    byte[] chunk = new byte[VerityTree.CHUNK_BYTES];
    boolean levels = tree.sizeBytes() > VerityTree.BLOCK_BYTES;
    for (int n = 0; n < tree.chunks(); n++) {
      Channels.read(
          data, (long) n * VerityTree.CHUNK_BYTES, ByteBuffer.wrap(chunk, 0, tree.chunkBytes(n)));
      tree.hashInto(hashes, n, chunk);
      if (levels) {
        long place = lowest + (long) n * VerityTree.BLOCK_BYTES;
        Channels.write(out, place, ByteBuffer.wrap(tree.lowestBlock(n, chunk)));
      }
    }
    long place = superblock;
    for (byte[] level : upperLevels(tree, hashes)) {
      Channels.write(out, place, ByteBuffer.wrap(level));
      place += level.length;
    }
    if (start == Start.SUPERBLOCK) {
      Channels.write(out, 0, superblock(tree));
    }
    return tree.root(hashes);
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
