package dev.nacelle.image.stream;

import dev.nacelle.kernel.lazy.PresenceMap;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;

/**
 * Which chunks of a layer are in its file: the map that the platform and the keeper share. Safe for
 * any thread; the platform alone writes what is present, the keeper what was read.
 */
final class PresentMap {
  private final PresenceMap map;
  private final int chunks;

  private PresentMap(PresenceMap map) {
    this.map = map;
    this.chunks = Math.toIntExact(map.chunks());
  }

  /**
   * Maps a file that {@link #sizeBytes} bytes were given.
   *
   * @param dataBytes of the layer
   */
  static PresentMap open(Path file, long dataBytes) throws IOException {
    long size = Files.size(file);
    if (!isSize(size, dataBytes)) {
      throw new IOException(
          "cannot open layer: %s has %d bytes, not %d; remove the layer"
              .formatted(file, size, sizeBytes(dataBytes)));
    }
    return new PresentMap(PresenceMap.open(file, dataBytes, VerityTree.CHUNK_BYTES));
  }

  /**
   * Whether a map's file may have that size: that of {@link #sizeBytes}, or half of it, as earlier
   * versions made it.
   */
  static boolean isSize(long size, long dataBytes) {
    long expected = sizeBytes(dataBytes);
    return size == expected || size == expected / 2;
  }

  /** The size of the map's file. */
  static long sizeBytes(long dataBytes) {
    return PresenceMap.fileBytes(dataBytes, VerityTree.CHUNK_BYTES);
  }

  boolean has(int chunk) {
    return map.has(chunk);
  }

  boolean hasAll(ChunkRange range) {
    for (int n = range.first(); n < range.end(); n++) {
      if (!has(n)) {
        return false;
      }
    }
    return true;
  }

  /** Says that a chunk's bytes are in the file; what was written before is visible with it. */
  void set(int chunk) {
    map.set(chunk);
  }

  /** Says that a chunk's bytes are not in the file any more. */
  void clear(int chunk) {
    map.clear(chunk);
  }

  /** The chunks that are present. */
  BitSet present() {
    var result = new BitSet(chunks);
    for (int n = 0; n < chunks; n++) {
      result.set(n, has(n));
    }
    return result;
  }

  /** Whether somebody has read of the chunk, or waits for it. */
  boolean wasRead(int chunk) {
    return map.wasRead(chunk);
  }

  /** The chunks that somebody has read, or waits for. */
  BitSet read() {
    return map.read();
  }

  /** Forgets all chunks, before anybody else uses the map. */
  void clear() {
    map.clear();
  }
}
