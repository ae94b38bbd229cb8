package dev.nacelle.kernel.lazy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Which chunks of a file are there: a mapped file of little-endian 32-bit words, chunk n is bit
 * {@code n & 31} of word {@code n / 32}. The keeper maps the same file. A bit is set after the
 * chunk's bytes are written. Unmapped once nobody has this any more. Safe for any thread.
 */
public final class PresenceMap {
  private static final int MULTIPLE = 4096;
  private static final VarHandle WORDS =
      ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();

  private final Path path;
  private final long sizeBytes;
  private final int chunkBytes;
  private final MemorySegment words;

  private PresenceMap(Path path, long sizeBytes, int chunkBytes) throws IOException {
    this.path = path;
    this.sizeBytes = sizeBytes;
    this.chunkBytes = chunkBytes;
    try (FileChannel file =
        FileChannel.open(
            path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      long bytes = (chunks() + 31) / 32 * 4;
      words = file.map(FileChannel.MapMode.READ_WRITE, 0, bytes, Arena.ofAuto());
    }
  }

  /**
   * Opens the map of a file of that size, or makes one that says nothing is there.
   *
   * @param chunkBytes a multiple of 4096
   */
  public static PresenceMap open(Path path, long sizeBytes, int chunkBytes) throws IOException {
    if (sizeBytes <= 0 || chunkBytes <= 0 || chunkBytes % MULTIPLE != 0) {
      throw new IllegalArgumentException(
          "cannot map " + sizeBytes + " bytes in chunks of " + chunkBytes);
    }
    return new PresenceMap(path, sizeBytes, chunkBytes);
  }

  public long sizeBytes() {
    return sizeBytes;
  }

  public int chunkBytes() {
    return chunkBytes;
  }

  public long chunks() {
    return (sizeBytes + chunkBytes - 1) / chunkBytes;
  }

  Path path() {
    return path;
  }

  /** Whether a chunk's bytes can be read; they can be on this thread if so. */
  public boolean has(long chunk) {
    checkChunk(chunk);
    return ((int) WORDS.getAcquire(words, chunk / 32 * 4) & 1 << (chunk & 31)) != 0;
  }

  /** Whether every byte of a range is there; what lies behind the end is. */
  public boolean hasRange(long offset, long count) {
    if (count == 0 || offset >= sizeBytes) {
      return true;
    }
    long length = Long.compareUnsigned(count, sizeBytes - offset) > 0 ? sizeBytes - offset : count;
    long last = (offset + length - 1) / chunkBytes;
    for (long chunk = offset / chunkBytes; chunk <= last; chunk++) {
      if (!has(chunk)) {
        return false;
      }
    }
    return true;
  }

  /**
   * Says that a chunk is there; its bytes were written before, by this thread or one it waited for.
   */
  public void set(long chunk) {
    checkChunk(chunk);
    WORDS.getAndBitwiseOrRelease(words, chunk / 32 * 4, 1 << (chunk & 31));
  }

  /** Says that a chunk is not there any more: who reads it from now on waits for it again. */
  public void clear(long chunk) {
    checkChunk(chunk);
    WORDS.getAndBitwiseAnd(words, chunk / 32 * 4, ~(1 << (chunk & 31)));
  }

  public boolean isWhole() {
    return hasRange(0, sizeBytes);
  }

  private void checkChunk(long chunk) {
    if (chunk < 0 || chunk >= chunks()) {
      throw new IndexOutOfBoundsException("chunk " + chunk + " of " + chunks());
    }
  }

  /** Says that nothing is there: before the keeper is told of the file. */
  public void clear() {
    words.fill((byte) 0);
    words.force();
  }
}
