package dev.nacelle.image.layer;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.zip.CRC32C;

/**
 * Writes the metadata of a layer as an EROFS image whose file contents lie on one extra device; the
 * on-disk format is that of the kernel's Documentation/filesystems/erofs.rst and
 * fs/erofs/erofs_fs.h. The same tree gives the same bytes. All inodes have the extended form;
 * regular files are chunk based; directories and links have their tail inline where it fits.
 *
 * <p>Order in the file: superblock and device table, inodes breadth first from the root, then whole
 * blocks of large directories.
 */
final class ErofsWriter {
  private static final int BLOCK = ErofsDirectory.BLOCK;
  private static final int SUPER_OFFSET = 1024;
  private static final int DEVICE_SLOT = 9;
  private static final int DEVICE_SLOT_BYTES = 128;
  private static final int FIRST_INODE = (DEVICE_SLOT + 1) * DEVICE_SLOT_BYTES;
  private static final int SLOT_BYTES = 32;
  private static final int INODE_BYTES = 64;
  private static final int MAGIC = 0xE0F5E1E2;
  private static final int COMPAT_CHECKSUM_AND_MTIME = 3;
  private static final int INCOMPAT_CHUNKS_AND_DEVICES = 0x4 | 0x8;
  private static final int CHUNK_INDEXES = 0x20;

  private enum Layout {
    PLAIN(0),
    INLINE(2),
    CHUNKS(4);

    private final int code;

    Layout(int code) {
      this.code = code;
    }
  }

  /** Where everything of one inode goes. */
  private record Place(
      LayerNode node, LayerNode parent, Layout layout, int xattrBytes, int firstBlock) {}

  private final List<Place> places = new ArrayList<>();
  private final long dataBlocks;
  private long end = FIRST_INODE;
  private int directoryBlocks;
  private int firstDirectoryBlock;

  private ErofsWriter(LayerNode root, long dataBlocks) {
    this.dataBlocks = dataBlocks;
    layOut(root);
  }

  /**
   * Writes the image.
   *
   * @param dataTag names the data device in the device table, at most 64 bytes
   * @param uuid 16 bytes that identify the file system
   * @param dataBlocks the size of the data device
   * @return the size of the image in bytes
   */
  static long write(LayerNode root, String dataTag, byte[] uuid, long dataBlocks, FileChannel into)
      throws IOException {
    var writer = new ErofsWriter(root, dataBlocks);
    return writer.writeTo(into, dataTag, uuid);
  }

  static long nodeId(LayerNode node) {
    return node.position / SLOT_BYTES;
  }

  static ByteBuffer buffer(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }

  private void layOut(LayerNode root) {
    record Visit(LayerNode node, LayerNode parent) {}
    var queue = new ArrayDeque<Visit>();
    Set<LayerNode> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    queue.add(new Visit(root, root));
    while (!queue.isEmpty()) {
      Visit visit = queue.remove();
      if (!seen.add(visit.node)) {
        continue; // a further hard link
      }
      visit.node.number = places.size() + 1;
      place(visit.node, visit.parent);
      visit.node.children.values().forEach(child -> queue.add(new Visit(child, visit.node)));
    }
    firstDirectoryBlock = (int) ((end + BLOCK - 1) / BLOCK);
  }

  private void place(LayerNode node, LayerNode parent) {
    int xattrBytes = ErofsXattrs.sizeBytes(node.xattrs);
    int head = INODE_BYTES + xattrBytes;
    Layout layout = Layout.PLAIN;
    int wholeBlocks = 0;
    int inline = 0;
    switch (node.type()) {
      case LayerNode.FILE -> {
        if (node.data.sizeBytes() > 0) {
          layout = Layout.CHUNKS;
          head = (head + 7) & ~7;
          inline = 8 * node.data.chunks().length;
        }
      }
      case LayerNode.DIRECTORY -> {
        var directory = new ErofsDirectory(node, parent);
        inline = directory.lastBlockBytes();
        wholeBlocks = directory.blockCount() - 1;
        layout = Layout.INLINE;
      }
      case LayerNode.SYMBOLIC_LINK -> {
        inline = node.target.length();
        layout = Layout.INLINE;
      }
      default -> {}
    }
    if (layout == Layout.INLINE) {
      long fitting = fitInline(head, inline);
      if (fitting < 0) {
        layout = Layout.PLAIN;
        wholeBlocks++;
        inline = 0;
      } else {
        end = fitting;
      }
    }
    node.position = end;
    int firstBlock = wholeBlocks == 0 ? -1 : directoryBlocks;
    directoryBlocks += wholeBlocks;
    places.add(new Place(node, parent, layout, xattrBytes, firstBlock));
    end = roundUp(end + head + inline, SLOT_BYTES);
  }

  /** The first position at which inline data does not cross a block; negative if there is none. */
  private long fitInline(int head, int inline) {
    for (long at = end; at < end + BLOCK; at += SLOT_BYTES) {
      long first = at + head;
      if (first / BLOCK == (first + inline - 1) / BLOCK) {
        return at;
      }
    }
    return -1;
  }

  private long writeTo(FileChannel channel, String dataTag, byte[] uuid) throws IOException {
    channel.position(0);
    OutputStream out = new BufferedOutputStream(Channels.newOutputStream(channel), 1 << 18);
    out.write(head(dataTag, uuid));
    long at = FIRST_INODE;
    for (Place place : places) {
      pad(out, place.node.position - at);
      at = place.node.position + writeInode(place, out);
    }
    pad(out, (long) firstDirectoryBlock * BLOCK - at);
    for (Place place : places) {
      writeWholeBlocks(place, out);
    }
    out.flush();
    writeChecksum(channel);
    return blocks() * BLOCK;
  }

  private long blocks() {
    return (long) firstDirectoryBlock + directoryBlocks;
  }

  private byte[] head(String dataTag, byte[] uuid) {
    ByteBuffer head = buffer(FIRST_INODE);
    LayerNode root = places.getFirst().node;
    head.putInt(SUPER_OFFSET, MAGIC);
    head.putInt(SUPER_OFFSET + 8, COMPAT_CHECKSUM_AND_MTIME);
    head.put(SUPER_OFFSET + 12, (byte) 12); // log2 of the block size
    head.putShort(SUPER_OFFSET + 14, (short) nodeId(root));
    head.putLong(SUPER_OFFSET + 16, places.size());
    head.putInt(SUPER_OFFSET + 36, (int) blocks());
    head.put(SUPER_OFFSET + 48, uuid, 0, 16);
    head.putInt(SUPER_OFFSET + 80, INCOMPAT_CHUNKS_AND_DEVICES);
    head.putShort(SUPER_OFFSET + 86, (short) 1); // extra devices
    head.putShort(SUPER_OFFSET + 88, (short) DEVICE_SLOT);
    int slot = DEVICE_SLOT * DEVICE_SLOT_BYTES;
    head.put(slot, dataTag.getBytes(StandardCharsets.US_ASCII));
    head.putInt(slot + 64, (int) dataBlocks);
    return head.array();
  }

  /** Writes an inode, its attributes and what is inline; returns their size. */
  private int writeInode(Place place, OutputStream out) throws IOException {
    LayerNode node = place.node;
    byte[] inline = inline(place);
    int head = INODE_BYTES + place.xattrBytes;
    int inlineAt = place.layout == Layout.CHUNKS ? (head + 7) & ~7 : head;
    ByteBuffer b = buffer(inlineAt + inline.length);
    b.putShort((short) (1 | place.layout.code << 1));
    b.putShort((short) ErofsXattrs.count(place.xattrBytes));
    b.putShort((short) node.mode).putShort((short) 0);
    b.putLong(size(place));
    b.putInt(location(place));
    b.putInt(node.number).putInt(node.uid).putInt(node.gid);
    b.putLong(node.mtimeSeconds).putInt(node.mtimeNanos).putInt(linkCount(node));
    b.position(INODE_BYTES);
    ErofsXattrs.write(node.xattrs, b);
    b.put(inlineAt, inline);
    out.write(b.array());
    return b.capacity();
  }

  private static long size(Place place) {
    LayerNode node = place.node;
    return switch (node.type()) {
      case LayerNode.FILE -> node.data.sizeBytes();
      case LayerNode.DIRECTORY -> new ErofsDirectory(node, place.parent).sizeBytes();
      case LayerNode.SYMBOLIC_LINK -> node.target.length();
      default -> 0;
    };
  }

  /** The field {@code i_u}: a block address, a device number or the form of the chunks. */
  private int location(Place place) {
    return switch (place.node.type()) {
      case LayerNode.CHARACTER_DEVICE, LayerNode.BLOCK_DEVICE -> (int) place.node.device;
      case LayerNode.FILE ->
          place.layout == Layout.CHUNKS ? (place.node.data.chunkBits() - 12) | CHUNK_INDEXES : 0;
      default -> place.firstBlock < 0 ? 0 : firstDirectoryBlock + place.firstBlock;
    };
  }

  private static byte[] inline(Place place) {
    LayerNode node = place.node;
    if (place.layout == Layout.CHUNKS) {
      int[] chunks = node.data.chunks();
      ByteBuffer b = buffer(8 * chunks.length);
      for (int chunk : chunks) {
        b.putShort((short) 0).putShort((short) (chunk == FileData.HOLE ? 0 : 1)).putInt(chunk);
      }
      return b.array();
    }
    if (place.layout == Layout.INLINE && node.isDirectory()) {
      var directory = new ErofsDirectory(node, place.parent);
      byte[] last = directory.write().getLast();
      return java.util.Arrays.copyOf(last, directory.lastBlockBytes());
    }
    return place.layout == Layout.INLINE
        ? node.target.getBytes(StandardCharsets.ISO_8859_1)
        : new byte[0];
  }

  private static void writeWholeBlocks(Place place, OutputStream out) throws IOException {
    if (place.firstBlock < 0) {
      return;
    }
    if (!place.node.isDirectory()) {
      byte[] target = place.node.target.getBytes(StandardCharsets.ISO_8859_1);
      out.write(target);
      pad(out, BLOCK - target.length);
      return;
    }
    List<byte[]> blocks = new ErofsDirectory(place.node, place.parent).write();
    int whole = place.layout == Layout.INLINE ? blocks.size() - 1 : blocks.size();
    for (byte[] block : blocks.subList(0, whole)) {
      out.write(block);
    }
  }

  private static int linkCount(LayerNode node) {
    if (!node.isDirectory()) {
      return node.links;
    }
    return 2 + (int) node.children.values().stream().filter(LayerNode::isDirectory).count();
  }

  /** CRC-32C of the superblock's block from the superblock on, without the final inversion. */
  private static void writeChecksum(FileChannel channel) throws IOException {
    ByteBuffer block = buffer(BLOCK - SUPER_OFFSET);
    while (block.hasRemaining() && channel.read(block, SUPER_OFFSET + block.position()) > 0) {
      // until the block is whole; the image has at least one
    }
    var crc = new CRC32C();
    crc.update(block.array());
    channel.write(buffer(4).putInt(0, ~(int) crc.getValue()), SUPER_OFFSET + 4);
  }

  private static void pad(OutputStream out, long count) throws IOException {
    if (count > 0) {
      out.write(new byte[(int) count]);
    }
  }

  private static long roundUp(long value, int unit) {
    return (value + unit - 1) / unit * unit;
  }
}
