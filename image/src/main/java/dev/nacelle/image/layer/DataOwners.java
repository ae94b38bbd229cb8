package dev.nacelle.image.layer;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Which file each part of a layer's data belongs to, as its metadata image says: what {@link
 * ErofsWriter} has written is read again, and nothing in it is believed. A file of several names
 * has one of them here. Immutable; safe for any thread.
 */
public final class DataOwners {
  private static final int BLOCK = ErofsDirectory.BLOCK;
  private static final int SUPER_OFFSET = 1024;
  private static final int MAGIC = 0xE0F5E1E2;
  private static final int INODE_BYTES = 64;
  private static final int SLOT_BYTES = 32;
  private static final int ENTRY_BYTES = 12;
  private static final int PLAIN = 0;
  private static final int INLINE = 2;
  private static final int CHUNKS = 4;
  private static final int MOST_PATH_CHARS = 8192;
  private static final int MOST_EXTENTS = 4 << 20;

  /**
   * A part of the data.
   *
   * @param path in the layer, from its root on
   * @param offset in the layer's data
   */
  public record Owned(String path, long offset, long sizeBytes) {
    long end() {
      return offset + sizeBytes;
    }
  }

  /** By their offsets; they do not overlap, unless somebody has made them so. */
  private final List<Owned> parts;

  private DataOwners(List<Owned> parts) {
    this.parts = List.copyOf(parts);
  }

  /**
   * Reads a metadata image.
   *
   * @throws LayerException if it is none of ours, or beyond the bounds of a layer
   */
  public static DataOwners read(Path metadata) throws IOException {
    try (FileChannel channel = FileChannel.open(metadata, StandardOpenOption.READ)) {
      var reader = new Reader(channel);
      reader.walk();
      reader.found.sort(Comparator.comparingLong(Owned::offset));
      return new DataOwners(reader.found);
    }
  }

  /** The parts that a range of the data touches, in the order of the data. */
  public List<Owned> in(long offset, long sizeBytes) {
    int low = 0;
    int high = parts.size();
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (parts.get(middle).end() <= offset) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    var result = new ArrayList<Owned>();
    for (int i = low; i < parts.size() && parts.get(i).offset() < offset + sizeBytes; i++) {
      result.add(parts.get(i));
    }
    return result;
  }

  /** An inode's head. */
  private record Inode(
      long position, int layout, int xattrBytes, int mode, long sizeBytes, int location) {
    long behindHead() {
      return position + INODE_BYTES + xattrBytes;
    }
  }

  private record Directory(String path, long node) {}

  private static final class Reader {
    private final FileChannel channel;
    private final long sizeBytes;
    private final Set<Long> seen = new HashSet<>();
    private final ArrayDeque<Directory> open = new ArrayDeque<>();
    private final List<Owned> found = new ArrayList<>();

    Reader(FileChannel channel) throws IOException {
      this.channel = channel;
      this.sizeBytes = channel.size();
    }

    void walk() throws IOException {
      ByteBuffer head = bytes(SUPER_OFFSET, 128);
      require(head.getInt(0) == MAGIC, "it is no EROFS image");
      long root = Short.toUnsignedLong(head.getShort(14));
      seen.add(root);
      open.add(new Directory("", root));
      while (!open.isEmpty()) {
        read(open.remove());
      }
    }

    private void read(Directory directory) throws IOException {
      Inode inode = inode(directory.node());
      require((inode.mode() & 0170000) == LayerNode.DIRECTORY, "a directory is none");
      require(inode.layout() == PLAIN || inode.layout() == INLINE, "a directory in chunks");
      for (long at = 0; at < inode.sizeBytes(); at += BLOCK) {
        int count = (int) Math.min(BLOCK, inode.sizeBytes() - at);
        boolean tail = inode.layout() == INLINE && count < BLOCK;
        long position =
            tail
                ? inode.behindHead()
                : (Integer.toUnsignedLong(inode.location()) + at / BLOCK) * BLOCK;
        readBlock(directory.path(), bytes(position, count));
      }
    }

    private void readBlock(String path, ByteBuffer block) throws IOException {
      int end = block.limit();
      require(end >= ENTRY_BYTES, "a directory is cut off");
      int count = Short.toUnsignedInt(block.getShort(8)) / ENTRY_BYTES;
      require(count >= 1 && count * ENTRY_BYTES <= end, "a directory is malformed");
      for (int i = 0; i < count; i++) {
        int from = Short.toUnsignedInt(block.getShort(i * ENTRY_BYTES + 8));
        int to =
            i + 1 < count ? Short.toUnsignedInt(block.getShort((i + 1) * ENTRY_BYTES + 8)) : end;
        require(from >= count * ENTRY_BYTES && from < to && to <= end, "a name is malformed");
        String name = name(block, from, to);
        if (!name.equals(".") && !name.equals("..")) {
          entry(path + "/" + name, block.getLong(i * ENTRY_BYTES));
        }
      }
    }

    /** The last name of a block may be followed by zeros. */
    private static String name(ByteBuffer block, int from, int to) {
      int end = from;
      while (end < to && block.get(end) != 0) {
        end++;
      }
      byte[] name = new byte[end - from];
      block.get(from, name);
      return new String(name, StandardCharsets.UTF_8);
    }

    private void entry(String path, long node) throws IOException {
      require(path.length() <= MOST_PATH_CHARS, "a path is too long");
      if (!seen.add(node)) {
        return; // a further hard link
      }
      require(seen.size() <= LayerLimits.DEFAULT.maxEntries(), "it has too many files");
      Inode inode = inode(node);
      switch (inode.mode() & 0170000) {
        case LayerNode.DIRECTORY -> open.add(new Directory(path, node));
        case LayerNode.FILE -> file(path, inode);
        default -> {}
      }
    }

    private void file(String path, Inode inode) throws IOException {
      if (inode.layout() != CHUNKS || inode.sizeBytes() == 0) {
        return;
      }
      int bits = (inode.location() & 0x1f) + 12;
      long chunks = (inode.sizeBytes() - 1 >>> bits) + 1;
      require(chunks <= MOST_EXTENTS, "a file has too many chunks");
      ByteBuffer places = bytes((inode.behindHead() + 7) & ~7L, (int) (8 * chunks));
      for (int i = 0; i < chunks; i++) {
        int block = places.getInt(8 * i + 4);
        if (block != FileData.HOLE) {
          long from = (long) i << bits;
          long size = Math.min(1L << bits, inode.sizeBytes() - from);
          add(new Owned(path, Integer.toUnsignedLong(block) * BLOCK, size));
        }
      }
    }

    /** Chunks of a file that lie one behind the other are one part. */
    private void add(Owned part) throws IOException {
      if (!found.isEmpty()) {
        Owned last = found.getLast();
        if (last.path().equals(part.path()) && last.end() == part.offset()) {
          found.removeLast();
          found.add(new Owned(last.path(), last.offset(), last.sizeBytes() + part.sizeBytes()));
          return;
        }
      }
      require(found.size() < MOST_EXTENTS, "its files lie in too many pieces");
      found.add(part);
    }

    private Inode inode(long node) throws IOException {
      require(node >= 0 && node < sizeBytes / SLOT_BYTES, "an inode is not in it");
      long position = node * SLOT_BYTES;
      ByteBuffer b = bytes(position, INODE_BYTES);
      int format = Short.toUnsignedInt(b.getShort(0));
      require((format & 1) == 1, "an inode has the compact form");
      int count = Short.toUnsignedInt(b.getShort(2));
      long size = b.getLong(8);
      require(size >= 0 && size <= 1L << 43, "a file has " + size + " bytes");
      return new Inode(
          position,
          format >> 1 & 7,
          count == 0 ? 0 : 12 + (count - 1) * 4,
          Short.toUnsignedInt(b.getShort(4)),
          size,
          b.getInt(16));
    }

    private ByteBuffer bytes(long position, int count) throws IOException {
      require(position >= 0 && position + count <= sizeBytes, "it is cut off");
      ByteBuffer buffer = ByteBuffer.allocate(count).order(ByteOrder.LITTLE_ENDIAN);
      while (buffer.hasRemaining()) {
        require(channel.read(buffer, position + buffer.position()) > 0, "it is cut off");
      }
      return buffer.flip();
    }
  }

  private static void require(boolean holds, String otherwise) throws LayerException {
    if (!holds) {
      throw new LayerException("cannot read metadata image: " + otherwise);
    }
  }
}
