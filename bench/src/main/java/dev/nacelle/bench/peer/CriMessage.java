package dev.nacelle.bench.peer;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** As much of the protobuf wire format as the CRI's requests need: strings, messages, maps. */
final class CriMessage {
  private static final int LENGTH_DELIMITED = 2;

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  CriMessage string(int field, String value) {
    return raw(field, value.getBytes(StandardCharsets.UTF_8));
  }

  CriMessage message(int field, CriMessage value) {
    return raw(field, value.toBytes());
  }

  /** An entry of a {@code map<string, string>}. */
  CriMessage entry(int field, String key, String value) {
    return message(field, new CriMessage().string(1, key).string(2, value));
  }

  private CriMessage raw(int field, byte[] value) {
    varint(field << 3 | LENGTH_DELIMITED);
    varint(value.length);
    bytes.writeBytes(value);
    return this;
  }

  private void varint(int value) {
    int rest = value;
    while ((rest & ~0x7f) != 0) {
      bytes.write(rest & 0x7f | 0x80);
      rest >>>= 7;
    }
    bytes.write(rest);
  }

  byte[] toBytes() {
    return bytes.toByteArray();
  }

  /**
   * The first string of a message that starts with it, as the CRI's answers with an id do.
   *
   * @throws IllegalArgumentException if it does not
   */
  static String leadingString(byte[] message, int field) {
    if (message.length < 2 || message[0] != (byte) (field << 3 | LENGTH_DELIMITED)) {
      throw new IllegalArgumentException("the answer does not start with field " + field);
    }
    int length = message[1];
    if (length < 0 || length > message.length - 2) {
      throw new IllegalArgumentException("the answer's field " + field + " is too long");
    }
    return new String(message, 2, length, StandardCharsets.UTF_8);
  }
}
