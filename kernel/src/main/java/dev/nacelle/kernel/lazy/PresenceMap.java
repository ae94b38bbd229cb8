package dev.nacelle.kernel.lazy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.BitSet;

/**
 * Which chunks of a file are there: a mapped file of little-endian 32-bit words, chunk n is bit
 * {@code n & 31} of word {@code n / 32}. The keeper maps the same file. A bit is set after the
 * chunk's bytes are written. In a second half, of the same size, the keeper says which chunks
 * somebody has read, or waits for. Unmapped once nobody has this any more. Safe for any thread.
 */
public final class PresenceMap {
  private static final int MULTIPLE = 4096;
  private static final VarHandle WORDS =
      ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();

  private final Path path;
  private final long sizeBytes;
  private final int chunkBytes;
  private final MemorySegment words;
  private final MemorySegment read;

  private PresenceMap(Path path, long sizeBytes, int chunkBytes) throws IOException {
    this.path = path;
    this.sizeBytes = sizeBytes;
    this.chunkBytes = chunkBytes;
    try (FileChannel file =
        FileChannel.open(
            path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      long half = fileBytes(sizeBytes, chunkBytes) / 2;
      fill(file, 2 * half);
      MemorySegment both = file.map(FileChannel.MapMode.READ_WRITE, 0, 2 * half, Arena.ofAuto());
      words = both.asSlice(0, half);
      read = both.asSlice(half);
    }
  }

  /** The room is taken now: a disk that is full later must not end who writes to the mapping. */
  private static void fill(FileChannel file, long bytes) throws IOException {
    ByteBuffer zeros = ByteBuffer.allocate((int) Math.min(bytes, MULTIPLE));
    for (long at = file.size(); at < bytes; at += file.write(zeros, at)) {
      zeros.clear().limit((int) Math.min(bytes - at, zeros.capacity()));
    }
  }

  /** The size of the map's file: two halves, of which each is a multiple of 4096 bytes. */
  public static long fileBytes(long sizeBytes, int chunkBytes) {
    long chunks = (sizeBytes + chunkBytes - 1) / chunkBytes;
    long words = (chunks + 31) / 32 * 4;
    return 2 * ((words + MULTIPLE - 1) / MULTIPLE * MULTIPLE);
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

  /**
   * Whether somebody has read of a chunk, or waits for it, since the keeper was told of the file. A
   * keeper of an earlier version does not say; what is in the page cache is read without it.
   */
  public boolean wasRead(long chunk) {
    checkChunk(chunk);
    return ((int) WORDS.getAcquire(read, chunk / 32 * 4) & 1 << (chunk & 31)) != 0;
  }

  /** The chunks of which {@link #wasRead} is true. */
  public BitSet read() {
    return BitSet.valueOf(read.asByteBuffer()); // little-endian words: byte n / 8 has chunk n
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

  /** Says that nothing is there, nor was read: before the keeper is told of the file. */
  public void clear() {
    words.fill((byte) 0);
    read.fill((byte) 0);
    words.force();
  }
}
