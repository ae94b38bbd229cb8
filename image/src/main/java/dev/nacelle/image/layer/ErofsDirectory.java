package dev.nacelle.image.layer;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The contents of an EROFS directory: blocks of entries, each followed by their names, in the order
 * of the names' bytes.
 */
final class ErofsDirectory {
  static final int BLOCK = 4096;
  private static final int ENTRY_BYTES = 12;

  private final TreeMap<String, LayerNode> entries;

  /** How many entries each block has. */
  private final List<Integer> blocks = new ArrayList<>();

  private int lastBlockBytes;

  ErofsDirectory(LayerNode directory, LayerNode parent) {
    entries = new TreeMap<>(directory.children);
    entries.put(".", directory);
    entries.put("..", parent);
    int count = 0;
    int used = 0;
    for (String name : entries.keySet()) {
      int need = ENTRY_BYTES + name.length();
      if (used + need > BLOCK) {
        blocks.add(count);
        count = 0;
        used = 0;
      }
      count++;
      used += need;
    }
    blocks.add(count);
    lastBlockBytes = used;
  }

  int blockCount() {
    return blocks.size();
  }

  int lastBlockBytes() {
    return lastBlockBytes;
  }

  long sizeBytes() {
    return (blocks.size() - 1L) * BLOCK + lastBlockBytes;
  }

  /** All blocks, each of the full size; the last one is padded with zeros. */
  List<byte[]> write() {
    var result = new ArrayList<byte[]>();
    var iterator = entries.entrySet().iterator();
    for (int count : blocks) {
      ByteBuffer block = ErofsWriter.buffer(BLOCK);
      int nameAt = count * ENTRY_BYTES;
      for (int i = 0; i < count; i++) {
        Map.Entry<String, LayerNode> entry = iterator.next();
        byte[] name = entry.getKey().getBytes(StandardCharsets.ISO_8859_1);
        LayerNode node = entry.getValue();
        block.putLong(ErofsWriter.nodeId(node)).putShort((short) nameAt);
        block.put(fileType(node)).put((byte) 0);
        block.put(nameAt, name);
        nameAt += name.length;
      }
      result.add(block.array());
    }
    return result;
  }

  private static byte fileType(LayerNode node) {
    return (byte)
        switch (node.type()) {
          case LayerNode.FILE -> 1;
          case LayerNode.DIRECTORY -> 2;
          case LayerNode.CHARACTER_DEVICE -> 3;
          case LayerNode.BLOCK_DEVICE -> 4;
          case LayerNode.FIFO -> 5;
          case LayerNode.SYMBOLIC_LINK -> 7;
          default -> throw new IllegalStateException("mode " + Integer.toOctalString(node.mode));
        };
  }
}
