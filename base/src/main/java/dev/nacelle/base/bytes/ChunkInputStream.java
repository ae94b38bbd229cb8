package dev.nacelle.base.bytes;

import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;

/** Reads what comes in chunks. For one thread at a time. */
public abstract class ChunkInputStream extends InputStream {
  private static final byte[] NONE = new byte[0];

  private byte[] current = NONE;
  private int position;

  /**
   * Waits for the next chunk, which nobody changes any more; an empty one is the end, and may be
   * asked for again.
   *
   * @throws IOException if no more will come although the end is missing
   */
  protected abstract byte[] next() throws IOException;

  /** How much of the present chunk is left. */
  protected final int left() {
    return current.length - position;
  }

  @Override
  public final int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
  }

  @Override
  public final int read(byte[] target, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, target.length);
    if (length == 0) {
      return 0;
    }
    if (left() == 0) {
      byte[] next = next();
      if (next.length == 0) {
        return -1;
      }
      current = next;
      position = 0;
    }
    int count = Math.min(length, left());
    System.arraycopy(current, position, target, offset, count);
    position += count;
    return count;
  }
}
