package dev.nacelle.image.layer;

import dev.nacelle.image.layer.TarEntry.Extent;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.function.LongConsumer;
import java.util.zip.CRC32C;

/**
 * The contents of a layer's files, one behind the other, each from a 4096-byte boundary on. Written
 * front to back through one buffer; for one thread.
 */
final class DataBlob {
  static final int BLOCK = 4096;
  private static final int BUFFER_BYTES = 1 << 20;
  private static final int MAX_CHUNKS = 65_536;
  private static final long MAX_FILE_BYTES = 1L << 43;

  /** A buffer that is all zeros is left out: it becomes a hole. */
  private static final byte[] ZEROS = new byte[BUFFER_BYTES];

  private final FileChannel channel;
  private final long maxBytes;
  private final SpaceClaim space;
  private final LongConsumer progress;
  private final MessageDigest digest = Sha256.newDigest();
  private final ByteArrayOutputStream sums = new ByteArrayOutputStream();
  private final byte[] buffer = new byte[BUFFER_BYTES];
  private int buffered;
  private long written;

  /**
   * @param progress told how many bytes, from the beginning on, are in the file for good
   */
  DataBlob(FileChannel channel, long maxBytes, SpaceClaim space, LongConsumer progress) {
    this.channel = channel;
    this.space = space;
    this.progress = progress;
    this.maxBytes = maxBytes;
  }

  /** Takes in the contents of the entry that {@code tar} stands at. */
  FileData append(TarEntry entry, TarReader tar) throws IOException {
    if (entry.sizeBytes() > MAX_FILE_BYTES) {
      throw new LayerException(
          "cannot read layer: entry "
              + TarReader.shown(entry.path())
              + " has "
              + entry.sizeBytes()
              + " bytes");
    }
    if (entry.sizeBytes() == 0) {
      return FileData.EMPTY;
    }
    boolean dense = entry.dataBytes() == entry.sizeBytes();
    return dense ? dense(entry, tar) : sparse(entry, tar);
  }

  private FileData dense(TarEntry entry, TarReader tar) throws IOException {
    int first = nextBlock();
    for (int got = readInto(tar, BUFFER_BYTES); got >= 0; got = readInto(tar, BUFFER_BYTES)) {
      flushIfFull();
    }
    align();
    int bits = Math.max(12, 64 - Long.numberOfLeadingZeros(entry.sizeBytes() - 1));
    return new FileData(entry.sizeBytes(), bits, new int[] {first});
  }

  /** Chunks that hold data are stored whole, with zeros in place of the holes inside them. */
  private FileData sparse(TarEntry entry, TarReader tar) throws IOException {
    int bits = 12;
    while ((entry.sizeBytes() - 1 >> bits) + 1 > MAX_CHUNKS) {
      bits++;
    }
    long chunkBytes = 1L << bits;
    int[] chunks = new int[(int) ((entry.sizeBytes() - 1 >> bits) + 1)];
    Arrays.fill(chunks, FileData.HOLE);
    long at = 0; // where in the file the blob's end stands
    for (Extent extent : entry.extents()) {
      long from = extent.offset();
      long to = from + extent.sizeBytes();
      while (from < to) {
        int chunk = (int) (from >> bits);
        long chunkFrom = chunk * chunkBytes;
        if (chunks[chunk] == FileData.HOLE) {
          align();
          zeros(chunkPadding(at, chunkBytes));
          chunks[chunk] = nextBlock();
          at = chunkFrom;
        }
        zeros(from - at);
        long end = Math.min(to, chunkFrom + chunkBytes);
        copy(tar, end - from);
        from = end;
        at = end;
      }
    }
    zeros(Math.min(chunkPadding(at, chunkBytes), Math.max(0, roundUp(entry.sizeBytes()) - at)));
    align();
    return new FileData(entry.sizeBytes(), bits, chunks);
  }

  private static long chunkPadding(long at, long chunkBytes) {
    return -at & (chunkBytes - 1);
  }

  private static long roundUp(long size) {
    return (size + BLOCK - 1) / BLOCK * BLOCK;
  }

  private void copy(TarReader tar, long count) throws IOException {
    long left = count;
    while (left > 0) {
      int got = readInto(tar, (int) Math.min(left, BUFFER_BYTES));
      if (got < 0) {
        throw new LayerException("cannot read layer: a sparse file ends before its map does");
      }
      left -= got;
      flushIfFull();
    }
  }

  private int readInto(TarReader tar, int atMost) throws IOException {
    int got = tar.read(buffer, buffered, Math.min(atMost, BUFFER_BYTES - buffered));
    if (got > 0) {
      buffered += got;
    }
    return got;
  }

  private void zeros(long count) throws IOException {
    long left = count;
    while (left > 0) {
      int size = (int) Math.min(left, BUFFER_BYTES - buffered);
      Arrays.fill(buffer, buffered, buffered + size, (byte) 0);
      buffered += size;
      left -= size;
      flushIfFull();
    }
  }

  private void align() throws IOException {
    zeros(-(written + buffered) & (BLOCK - 1));
  }

  private int nextBlock() {
    return (int) ((written + buffered) / BLOCK);
  }

  private void flushIfFull() throws IOException {
    if (buffered == BUFFER_BYTES) {
      flush();
    }
  }

  private void flush() throws IOException {
    if (written + buffered > maxBytes) {
      throw new LayerException("cannot read layer: more than " + maxBytes + " bytes of files");
    }
    digest.update(buffer, 0, buffered);
    sum();
    if (Arrays.mismatch(buffer, 0, buffered, ZEROS, 0, buffered) >= 0) {
      space.take(buffered);
      ByteBuffer bytes = ByteBuffer.wrap(buffer, 0, buffered);
      while (bytes.hasRemaining()) {
        channel.write(bytes, written + bytes.position());
      }
    }
    written += buffered;
    buffered = 0;
    progress.accept(written);
  }

  /** The buffer is as large as some chunks, so all that is flushed begins with one. */
  private void sum() {
    for (int at = 0; at < buffered; at += LayerSums.CHUNK_BYTES) {
      var crc = new CRC32C();
      crc.update(buffer, at, Math.min(LayerSums.CHUNK_BYTES, buffered - at));
      sums.writeBytes(ByteBuffer.allocate(4).putInt((int) crc.getValue()).array());
    }
  }

  /** The sum of each chunk of the finished blob, as {@link LayerSums} has them. */
  byte[] sums() {
    return sums.toByteArray();
  }

  /** Ends the blob, which has at least one block; returns its size. */
  long finish() throws IOException {
    if (written + buffered == 0) {
      zeros(BLOCK);
    }
    flush();
    if (channel.size() < written) {
      channel.write(ByteBuffer.allocate(1), written - 1);
    }
    return written;
  }

  /** {@code sha256:HEX} of the finished blob. */
  String digest() {
    return "sha256:" + HexFormat.of().formatHex(digest.digest());
  }
}
