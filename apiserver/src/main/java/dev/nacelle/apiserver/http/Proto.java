package dev.nacelle.apiserver.http;

import dev.nacelle.base.bytes.Bytes;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** A protobuf message being written. For one thread. */
final class Proto {
  private static final int VARINT = 0;
  private static final int FIXED64 = 1;
  private static final int LENGTH = 2;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  /** Empty texts are not written, as proto3 has it. */
  void text(int number, String value) {
    if (!value.isEmpty()) {
      block(number, value.getBytes(StandardCharsets.UTF_8));
    }
  }

  void message(int number, Proto value) {
    block(number, value.out.toByteArray());
  }

  void flag(int number, boolean value) {
    if (value) {
      integer(number, 1);
    }
  }

  void integer(int number, long value) {
    if (value != 0) {
      varint((long) number << 3 | VARINT);
      varint(value);
    }
  }

  void real(int number, double value) {
    if (value != 0) {
      varint((long) number << 3 | FIXED64);
      long bits = Double.doubleToLongBits(value);
      for (int i = 0; i < Long.SIZE; i += Byte.SIZE) {
        out.write((int) (bits >>> i));
      }
    }
  }

  private void block(int number, byte[] value) {
    varint((long) number << 3 | LENGTH);
    varint(value.length);
    out.writeBytes(value);
  }

  private void varint(long value) {
    long left = value;
    while ((left & ~0x7FL) != 0) {
      out.write((int) (left & 0x7F | 0x80));
      left >>>= 7;
    }
    out.write((int) left);
  }

  Bytes bytes() {
    return Bytes.wrap(out.toByteArray());
  }
}
