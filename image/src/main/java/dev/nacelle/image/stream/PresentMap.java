package dev.nacelle.image.stream;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.BitSet;

/**
 * Which chunks of a layer are in its file: the map that the platform and the keeper share. Words of
 * 32 bits, little endian; chunk n is present when bit {@code n & 31} of word {@code n >> 5} is set.
 * A bit is set with release semantics and read with acquire semantics, so whoever sees it sees the
 * bytes. The memory is mapped as long as the map is reachable. Safe for any thread; the platform
 * alone writes.
 */
final class PresentMap {
  private static final int PAGE_BYTES = 4096;
  private static final VarHandle WORD =
      ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();

  private final MemorySegment words;
  private final int chunks;

  private PresentMap(Path file, int chunks) throws IOException {
    this.chunks = chunks;
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      if (channel.size() != sizeBytes(chunks)) {
        throw new IOException(
            "cannot open layer: %s has %d bytes, not %d; remove the layer"
                .formatted(file, channel.size(), sizeBytes(chunks)));
      }
      words = channel.map(FileChannel.MapMode.READ_WRITE, 0, sizeBytes(chunks), Arena.ofAuto());
    }
  }

  /** Maps a file that {@link #sizeBytes} bytes were given. */
  static PresentMap open(Path file, int chunks) throws IOException {
    return new PresentMap(file, chunks);
  }

  /** The size of the map's file: whole pages. */
  static long sizeBytes(int chunks) {
    long bytes = ((long) chunks + 31) / 32 * 4;
    return (bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
  }

  boolean has(int chunk) {
    int word = (int) WORD.getAcquire(words, wordOffset(chunk));
    return (word >>> chunk & 1) != 0;
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
    WORD.getAndBitwiseOrRelease(words, wordOffset(chunk), 1 << chunk);
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
    words.fill((byte) 0);
    words.force();
  }

  private static long wordOffset(int chunk) {
    return (long) (chunk >> 5) * Integer.BYTES;
  }
}
