package dev.nacelle.image.stream;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Between the bytes of a blob of chunks and the chunks. */
final class StoredChunk {
  private StoredChunk() {}

  /** Cuts the stored bytes of neighbouring chunks, which begin where the first one does. */
  static List<ByteBuffer> split(StreamIndex index, ChunkRange range, byte[] stored) {
    var result = new ArrayList<ByteBuffer>(range.count());
    long from = index.offset(range.first());
    for (int n = range.first(); n < range.end(); n++) {
      result.add(
          ByteBuffer.wrap(stored, (int) (index.offset(n) - from), index.storedBytes(n)).slice());
    }
    return result;
  }

  /**
   * As {@link #open}, of what a source gives in its form.
   *
   * @throws IOException if the bytes are not those of the chunk; says in what
   */
  static void open(
      StreamIndex index, ChunkSource.Form form, int chunk, ByteBuffer given, byte[] plain)
      throws IOException {
    switch (form) {
      case STORED -> open(index, chunk, given, plain);
      case PLAIN -> prove(index, chunk, given, plain);
    }
  }

  private static void prove(StreamIndex index, int chunk, ByteBuffer given, byte[] plain)
      throws IOException {
    int size = index.chunkBytes(chunk);
    if (given.remaining() != size) {
      throw new IOException(
          "got %d bytes in place of %d for chunk %d".formatted(given.remaining(), size, chunk));
    }
    given.duplicate().get(plain, 0, size);
    if (!index.proves(chunk, plain)) {
      throw new IOException("got wrong bytes for chunk " + chunk);
    }
  }

  /**
   * Unpacks a chunk into the beginning of {@code plain} and proves it.
   *
   * @throws IOException if the bytes are not those of the chunk; says in what
   */
  static void open(StreamIndex index, int chunk, ByteBuffer stored, byte[] plain)
      throws IOException {
    if (stored.remaining() != index.storedBytes(chunk)) {
      throw new IOException(
          "got %d bytes in place of %d for chunk %d"
              .formatted(stored.remaining(), index.storedBytes(chunk), chunk));
    }
    int size = index.chunkBytes(chunk);
    switch (index.encoding(chunk)) {
      case ZEROS -> java.util.Arrays.fill(plain, 0, size, (byte) 0);
      case RAW -> stored.duplicate().get(plain, 0, size);
      case ZSTD -> decompress(chunk, stored.duplicate(), plain, size);
    }
    if (!index.proves(chunk, plain)) {
      throw new IOException("got wrong bytes for chunk " + chunk);
    }
  }

  private static byte[] copy(ByteBuffer buffer) {
    byte[] result = new byte[buffer.remaining()];
    buffer.duplicate().get(result);
    return result;
  }

  private static void decompress(int chunk, ByteBuffer stored, byte[] plain, int size)
      throws IOException {
    int from = stored.hasArray() ? stored.arrayOffset() + stored.position() : 0;
    byte[] packed = stored.hasArray() ? stored.array() : copy(stored);
    try {
      long got = Zstd.decompressByteArray(plain, 0, size, packed, from, stored.remaining());
      if (got != size) { // also where it is an error's number
        throw new IOException("got bytes for chunk " + chunk + " that do not unpack to its size");
      }
    } catch (ZstdException e) {
      throw new IOException("got bytes for chunk " + chunk + " that do not unpack", e);
    }
  }
}
