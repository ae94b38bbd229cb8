package dev.nacelle.image.layer;

import dev.nacelle.base.bytes.Bytes;
import java.util.List;
import java.util.Map;

/**
 * One entry of a tar. Names are byte strings: each char is one byte.
 *
 * @param path as it stands in the archive
 * @param link target of a hard or symbolic link; empty for others
 * @param sizeBytes of the file's contents, holes included
 * @param extents where the data that follows lies in the file, in order; one for a dense file
 * @param xattrs by name, {@code user.x}
 */
record TarEntry(
    Type type,
    String path,
    String link,
    int mode,
    int uid,
    int gid,
    long mtimeSeconds,
    int mtimeNanos,
    long sizeBytes,
    int major,
    int minor,
    List<Extent> extents,
    Map<String, Bytes> xattrs) {

  enum Type {
    FILE,
    HARD_LINK,
    SYMBOLIC_LINK,
    CHARACTER_DEVICE,
    BLOCK_DEVICE,
    DIRECTORY,
    FIFO
  }

  /** A piece of a file that holds data. */
  record Extent(long offset, long sizeBytes) {}

  long dataBytes() {
    return extents.stream().mapToLong(Extent::sizeBytes).sum();
  }
}
