package dev.nacelle.image.layer;

import java.nio.charset.StandardCharsets;

/** The fields of one 512-byte tar header; ustar as POSIX.1-2008 has it, with GNU's extensions. */
final class TarHeader {
  static final int BLOCK = 512;
  private static final int MAGIC = 257;
  private static final int CHECKSUM = 148;
  private static final int CHECKSUM_BYTES = 8;

  private final byte[] block;

  /**
   * @throws LayerException if the checksum does not fit: this is no tar, or it is damaged
   */
  TarHeader(byte[] block) throws LayerException {
    this.block = block;
    int unsigned = 0;
    int signed = 0;
    for (int i = 0; i < BLOCK; i++) {
      boolean inChecksum = i >= CHECKSUM && i < CHECKSUM + CHECKSUM_BYTES;
      unsigned += inChecksum ? ' ' : block[i] & 0xff;
      signed += inChecksum ? ' ' : block[i];
    }
    long stated = number(CHECKSUM, CHECKSUM_BYTES, "checksum");
    if (stated != unsigned && stated != signed) {
      throw new LayerException("cannot read layer: bad tar header checksum");
    }
  }

  static boolean isZero(byte[] block) {
    for (byte b : block) {
      if (b != 0) {
        return false;
      }
    }
    return true;
  }

  char type() {
    return (char) (block[156] & 0xff);
  }

  String name() {
    String name = text(0, 100);
    boolean posix = block[MAGIC + 5] == 0 && text(MAGIC, 5).equals("ustar");
    String prefix = posix ? text(345, 155) : "";
    return prefix.isEmpty() ? name : prefix + "/" + name;
  }

  String linkName() {
    return text(157, 100);
  }

  int mode() throws LayerException {
    return (int) number(100, 8, "mode") & 07777;
  }

  int uid() throws LayerException {
    return id(number(108, 8, "uid"));
  }

  int gid() throws LayerException {
    return id(number(116, 8, "gid"));
  }

  long size() throws LayerException {
    return nonNegative(number(124, 12, "size"), "size");
  }

  long mtime() throws LayerException {
    return number(136, 12, "mtime");
  }

  int major() throws LayerException {
    return (int) nonNegative(number(329, 8, "device major"), "device major");
  }

  int minor() throws LayerException {
    return (int) nonNegative(number(337, 8, "device minor"), "device minor");
  }

  /** A number at {@code offset}: octal digits, or GNU's base 256. */
  long number(int offset, int length, String field) throws LayerException {
    if ((block[offset] & 0x80) != 0) {
      return base256(offset, length, field);
    }
    long value = 0;
    boolean digits = false;
    for (int i = offset; i < offset + length; i++) {
      int c = block[i];
      if (c == 0 || c == ' ') {
        if (digits) {
          break;
        }
        continue;
      }
      if (c < '0' || c > '7') {
        throw new LayerException("cannot read layer: bad " + field + " in a tar header");
      }
      digits = true;
      value = value << 3 | (c - '0');
    }
    return value;
  }

  private long base256(int offset, int length, String field) throws LayerException {
    boolean negative = (block[offset] & 0x40) != 0;
    long value = negative ? -1 : 0;
    for (int i = 0; i < length; i++) {
      int octet = block[offset + i] & 0xff;
      if (i == 0) {
        octet = negative ? octet : octet & 0x7f;
      }
      long top = value >> 55;
      if (top != 0 && top != -1) {
        throw new LayerException("cannot read layer: " + field + " out of range in a tar header");
      }
      value = value << 8 | octet;
    }
    return value;
  }

  String text(int offset, int length) {
    int end = offset;
    while (end < offset + length && block[end] != 0) {
      end++;
    }
    return new String(block, offset, end - offset, StandardCharsets.ISO_8859_1);
  }

  boolean flag(int offset) {
    return block[offset] != 0;
  }

  static int id(long value) throws LayerException {
    if (value < 0 || value > 0xFFFF_FFFFL) {
      throw new LayerException("cannot read layer: user or group id out of range: " + value);
    }
    return (int) value;
  }

  private static long nonNegative(long value, String field) throws LayerException {
    if (value < 0) {
      throw new LayerException("cannot read layer: negative " + field + " in a tar header");
    }
    return value;
  }
}
