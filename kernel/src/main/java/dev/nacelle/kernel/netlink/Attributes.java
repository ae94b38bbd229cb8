package dev.nacelle.kernel.netlink;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/** The attributes of a reply by number; of repeated ones, the last. */
final class Attributes {
  private static final int TYPE_MASK = 0x3fff;

  private final Map<Integer, ByteBuffer> values = new HashMap<>();

  private Attributes() {}

  static Attributes of(ByteBuffer message, int offset) {
    Attributes attributes = new Attributes();
    int at = offset;
    while (at + 4 <= message.limit()) {
      int length = message.getShort(at) & 0xffff;
      if (length < 4 || at + length > message.limit()) {
        break;
      }
      attributes.values.put(
          message.getShort(at + 2) & TYPE_MASK,
          message.slice(at + 4, length - 4).order(ByteOrder.nativeOrder()));
      at += length + 3 & ~3;
    }
    return attributes;
  }

  boolean has(int type) {
    return values.containsKey(type);
  }

  int integer(int type) {
    ByteBuffer value = values.get(type);
    return value == null || value.limit() < 4 ? 0 : value.getInt(0);
  }

  /** An IPv4 address, in host order; 0 if absent. */
  int address(int type) {
    int value = integer(type);
    return ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN ? Integer.reverseBytes(value) : value;
  }

  String text(int type) {
    ByteBuffer value = values.get(type);
    return value == null
        ? ""
        : StandardCharsets.UTF_8.decode(value.duplicate()).toString().replace("\0", "");
  }

  Attributes nested(int type) {
    ByteBuffer value = values.get(type);
    return value == null ? new Attributes() : of(value, 0);
  }
}
