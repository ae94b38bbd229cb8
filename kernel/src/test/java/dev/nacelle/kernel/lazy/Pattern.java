package dev.nacelle.kernel.lazy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Bytes that are known by their place, and no eight of which are zero. */
final class Pattern {
  private Pattern() {}

  /** The word at an offset, which is a multiple of 8. */
  static long word(long offset) {
    long x = (offset + 1) * 0x9E3779B97F4A7C15L;
    x ^= x >>> 29;
    x *= 0xBF58476D1CE4E5B9L;
    x ^= x >>> 32;
    return x | 0x0100000000000001L;
  }

  static ByteBuffer bytes(long offset, int length) {
    ByteBuffer buffer = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i + 8 <= length; i += 8) {
      buffer.putLong(i, word(offset + i));
    }
    return buffer;
  }

  /** How many words of the buffer, from its start on, are not what belongs at that offset. */
  static int wrong(ByteBuffer buffer, long offset, int length) {
    int wrong = 0;
    buffer.order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i + 8 <= length; i += 8) {
      if (buffer.getLong(i) != word(offset + i)) {
        wrong++;
      }
    }
    return wrong;
  }
}
