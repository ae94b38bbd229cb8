package dev.nacelle.kernel.netlink;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Set;

/** One request under construction: header, family header, nested attributes. */
final class Message {
  static final int REQUEST = 1;
  static final int ACK = 4;
  static final int REPLACE = 0x100;
  static final int DUMP = 0x300;
  static final int EXCLUSIVE = 0x200;
  static final int CREATE = 0x400;
  static final int HEADER = 16;
  private static final int NESTED = 0x8000;

  private final String what;
  private final Set<Integer> tolerated;
  private final ByteBuffer bytes = ByteBuffer.allocate(1024).order(ByteOrder.nativeOrder());

  /**
   * @param what completes "cannot ..."
   * @param tolerated error numbers that mean the wish is fulfilled already
   */
  Message(String what, int type, int flags, Set<Integer> tolerated) {
    this.what = what;
    this.tolerated = tolerated;
    bytes.putInt(0).putShort((short) type).putShort((short) flags).putInt(0).putInt(0);
  }

  /** {@code struct ifinfomsg}. */
  Message link(int index, int flags, int change) {
    bytes.put((byte) 0).put((byte) 0).putShort((short) 0).putInt(index).putInt(flags);
    bytes.putInt(change);
    return this;
  }

  Message int8(int value) {
    bytes.put((byte) value);
    return this;
  }

  Message int16(int value) {
    bytes.putShort((short) value);
    return this;
  }

  Message int32(int value) {
    bytes.putInt(value);
    return this;
  }

  Message attribute(int type, int value) {
    start(type);
    bytes.putInt(value);
    return end(8);
  }

  /** An address in network order. */
  Message address(int type, int ipv4) {
    start(type);
    bytes.order(ByteOrder.BIG_ENDIAN).putInt(ipv4).order(ByteOrder.nativeOrder());
    return end(8);
  }

  Message attribute(int type, byte[] value) {
    int length = 4 + value.length;
    bytes.putShort((short) length).putShort((short) type).put(value);
    return end(length);
  }

  Message attribute(int type, String value) {
    return attribute(type, (value + "\0").getBytes(StandardCharsets.UTF_8));
  }

  /** Opens a nested attribute; what follows is inside until {@link #close}. */
  int open(int type) {
    int at = bytes.position();
    bytes.putShort((short) 0).putShort((short) (type | NESTED));
    return at;
  }

  Message close(int opened) {
    bytes.putShort(opened, (short) (bytes.position() - opened));
    return this;
  }

  private void start(int type) {
    bytes.putShort((short) 8).putShort((short) type);
  }

  private Message end(int length) {
    bytes.position(bytes.position() + (-length & 3));
    return this;
  }

  byte[] encode(int sequence) {
    bytes.putInt(0, bytes.position()).putInt(8, sequence);
    byte[] encoded = new byte[(bytes.position() + 3) & ~3];
    bytes.get(0, encoded, 0, bytes.position());
    return encoded;
  }

  String what() {
    return what;
  }

  boolean tolerates(int errno) {
    return tolerated.contains(errno);
  }
}
