package dev.nacelle.image.stream;

import dev.nacelle.kernel.lazy.PresenceMap;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;

/**
 * Which chunks of a layer are in its file: the map that the platform and the keeper share. Safe for
 * any thread; the platform alone writes.
 */
final class PresentMap {
  private static final int PAGE_BYTES = 4096;

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
    long chunks = (dataBytes + VerityTree.CHUNK_BYTES - 1) / VerityTree.CHUNK_BYTES;
    long expected = sizeBytes(Math.toIntExact(chunks));
    long size = Files.size(file);
    if (size != expected) {
      throw new IOException(
          "cannot open layer: %s has %d bytes, not %d; remove the layer"
              .formatted(file, size, expected));
    }
    return new PresentMap(PresenceMap.open(file, dataBytes, VerityTree.CHUNK_BYTES));
  }

  /** The size of the map's file: whole pages. */
  static long sizeBytes(int chunks) {
    long bytes = ((long) chunks + 31) / 32 * 4;
    return (bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
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

  /** Forgets all chunks, before anybody else uses the map. */
  void clear() {
    map.clear();
  }
}
