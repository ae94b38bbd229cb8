package dev.nacelle.image.layer;

import dev.nacelle.base.bytes.Bytes;
import java.util.Map;
import java.util.TreeMap;

/** One inode of the layer being built. Written by {@link LayerTree}, then by the EROFS layout. */
final class LayerNode {
  static final int FIFO = 0010000;
  static final int CHARACTER_DEVICE = 0020000;
  static final int DIRECTORY = 0040000;
  static final int BLOCK_DEVICE = 0060000;
  static final int FILE = 0100000;
  static final int SYMBOLIC_LINK = 0120000;
  private static final int TYPE_MASK = 0170000;

  /** Names are byte strings, so this is the order of unsigned bytes that EROFS wants. */
  final TreeMap<String, LayerNode> children = new TreeMap<>();

  int mode;
  int uid;
  int gid;
  long mtimeSeconds;
  int mtimeNanos;
  int links = 1;
  long device;
  String target = "";
  Map<String, Bytes> xattrs = Map.of();
  FileData data = FileData.EMPTY;

  /** Where the inode lies in the metadata image; set by the layout. */
  long position;

  int number;

  LayerNode(int mode) {
    this.mode = mode;
  }

  int type() {
    return mode & TYPE_MASK;
  }

  boolean isDirectory() {
    return type() == DIRECTORY;
  }

  boolean isWhiteout() {
    return type() == CHARACTER_DEVICE && device == 0;
  }
}
