package dev.nacelle.base.json;

import dev.nacelle.base.bytes.Bytes;
import java.nio.charset.StandardCharsets;

/** Writes trees as compact JSON text in UTF-8, members in their order. Safe for any thread. */
public final class JsonWriter {
  private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

  private JsonWriter() {}

  public static Bytes write(Json value) {
    var out = new Buffer();
    write(value, out);
    return Bytes.wrap(out.toByteArray());
  }

  private static void write(Json value, Buffer out) {
    switch (value) {
      case JsonObject o -> {
        out.write('{');
        JsonMembers members = o.compactMembers();
        for (int i = 0; i < members.size(); i++) {
          if (i > 0) {
            out.write(',');
          }
          string(members.name(i), out);
          out.write(':');
          write(members.value(i), out);
        }
        out.write('}');
      }
      case JsonArray a -> {
        out.write('[');
        for (int i = 0; i < a.size(); i++) {
          if (i > 0) {
            out.write(',');
          }
          write(a.get(i), out);
        }
        out.write(']');
      }
      case JsonString s -> string(s.value(), out);
      case JsonNumber.Integer i -> out.ascii(Long.toString(i.value()));
      case JsonNumber.Decimal d -> out.ascii(decimal(d.value()));
      case JsonBoolean b -> out.ascii(b.value() ? "true" : "false");
      case JsonNull n -> out.ascii("null");
    }
  }

  /** As Go writes a float64: no exponent between 1e-6 and 1e21, no trailing ".0". */
  private static String decimal(double value) {
    double magnitude = Math.abs(value);
    if (magnitude != 0 && (magnitude < 1e-6 || magnitude >= 1e21)) {
      String text = Double.toString(value).replace("E", "e").replace(".0e", "e");
      return text.contains("e-") ? text : text.replace("e", "e+");
    }
    return new java.math.BigDecimal(Double.toString(value)).stripTrailingZeros().toPlainString();
  }

  private static void string(String text, Buffer out) {
    out.write('"');
    int length = text.length();
    int plain = out.plainStart(text);
    for (int i = plain; i < length; i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        out.write('\\');
        out.write(c);
      } else if (c < 0x20) {
        control(c, out);
      } else if (c < 0x80) {
        out.write(c);
      } else if (c < 0x800) {
        out.write(0xC0 | c >> 6);
        out.write(0x80 | c & 0x3F);
      } else if (Character.isHighSurrogate(c)
          && i + 1 < length
          && Character.isLowSurrogate(text.charAt(i + 1))) {
        int point = Character.toCodePoint(c, text.charAt(++i));
        out.write(0xF0 | point >> 18);
        out.write(0x80 | point >> 12 & 0x3F);
        out.write(0x80 | point >> 6 & 0x3F);
        out.write(0x80 | point & 0x3F);
      } else {
        int point = Character.isSurrogate(c) ? 0xFFFD : c;
        out.write(0xE0 | point >> 12);
        out.write(0x80 | point >> 6 & 0x3F);
        out.write(0x80 | point & 0x3F);
      }
    }
    out.write('"');
  }

  private static void control(char c, Buffer out) {
    out.write('\\');
    switch (c) {
      case '\n' -> out.write('n');
      case '\r' -> out.write('r');
      case '\t' -> out.write('t');
      case '\b' -> out.write('b');
      case '\f' -> out.write('f');
      default -> {
        out.ascii("u00");
        out.write(HEX[c >> 4]);
        out.write(HEX[c & 0xF]);
      }
    }
  }

  /** A growing array without the locks of a byte array stream. */
  private static final class Buffer {
    private byte[] bytes = new byte[512];
    private int size;

    void write(int b) {
      if (size == bytes.length) {
        bytes = java.util.Arrays.copyOf(bytes, size * 2);
      }
      bytes[size++] = (byte) b;
    }

    /** Writes the characters before the first that is not itself in JSON; their number. */
    int plainStart(String text) {
      int length = text.length();
      if (bytes.length - size < length) {
        bytes = java.util.Arrays.copyOf(bytes, Math.max(bytes.length * 2, size + length + 64));
      }
      byte[] target = bytes;
      int at = size;
      for (int i = 0; i < length; i++) {
        char c = text.charAt(i);
        if (c < 0x20 || c >= 0x80 || c == '"' || c == '\\') {
          size = at;
          return i;
        }
        target[at++] = (byte) c;
      }
      size = at;
      return length;
    }

    void ascii(String text) {
      for (int i = 0; i < text.length(); i++) {
        write(text.charAt(i));
      }
    }

    byte[] toByteArray() {
      return java.util.Arrays.copyOf(bytes, size);
    }
  }
}
