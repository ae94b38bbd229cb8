package dev.nacelle.image;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.function.LongConsumer;

/** Tells how many bytes were read so far. For one thread. */
final class CountedStream extends FilterInputStream {
  private final Listener told;
  private long count;

  /** Who is told. */
  @FunctionalInterface
  interface Listener {
    /**
     * @param count of all bytes so far
     * @param more of them that are new
     */
    void read(long count, int more);
  }

  CountedStream(InputStream in, LongConsumer told) {
    this(in, (count, more) -> told.accept(count));
  }

  CountedStream(InputStream in, Listener told) {
    super(in);
    this.told = told;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] into, int offset, int length) throws IOException {
    int got = super.read(into, offset, length);
    if (got > 0) {
      count += got;
      told.read(count, got);
    }
    return got;
  }
}
