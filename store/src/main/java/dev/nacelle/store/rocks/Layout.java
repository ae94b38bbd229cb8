package dev.nacelle.store.rocks;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** The bytes of the data base's keys. All numbers are big-endian, so that they sort. */
final class Layout {
  static final byte[] REVISION = ascii("revision");
  static final byte[] COMPACTED = ascii("compacted");
  static final byte[] NEXT_LEASE = ascii("next-lease");

  private Layout() {}

  static byte[] ascii(String key) {
    return key.getBytes(StandardCharsets.ISO_8859_1);
  }

  static String text(byte[] ascii) {
    return new String(ascii, StandardCharsets.ISO_8859_1);
  }

  static byte[] number(long number) {
    return ByteBuffer.allocate(Long.BYTES).putLong(number).array();
  }

  static long number(byte[] bytes) {
    return ByteBuffer.wrap(bytes).getLong();
  }

  /** A version in {@link Family#PAST}: newer ones of a key sort first. */
  static byte[] past(String key, long revision) {
    byte[] bytes = new byte[key.length() + 1 + Long.BYTES];
    System.arraycopy(ascii(key), 0, bytes, 0, key.length());
    ByteBuffer.wrap(bytes).putLong(key.length() + 1, ~revision);
    return bytes;
  }

  static String pastKey(byte[] past) {
    return new String(past, 0, past.length - Long.BYTES - 1, StandardCharsets.ISO_8859_1);
  }

  /** Sorts behind all versions of {@code key} in {@link Family#PAST}, before the next key. */
  static byte[] pastEnd(String key) {
    byte[] bytes = new byte[key.length() + 1];
    System.arraycopy(ascii(key), 0, bytes, 0, key.length());
    bytes[key.length()] = 1;
    return bytes;
  }

  /**
   * A bound of a key range, for {@link Family#PAST}. In a bound, NUL says "behind the key up to
   * here": keys have none.
   */
  static byte[] pastBound(String bound) {
    int nul = bound.indexOf(0);
    return nul < 0 ? ascii(bound) : pastEnd(bound.substring(0, nul));
  }

  /** An attachment in {@link Family#LEASE}. */
  static byte[] attachment(long lease, String key) {
    return ByteBuffer.allocate(Long.BYTES + key.length()).putLong(lease).put(ascii(key)).array();
  }

  static String attachedKey(byte[] attachment) {
    return new String(
        attachment, Long.BYTES, attachment.length - Long.BYTES, StandardCharsets.ISO_8859_1);
  }
}
