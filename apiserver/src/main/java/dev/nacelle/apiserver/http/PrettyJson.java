package dev.nacelle.apiserver.http;

import dev.nacelle.base.bytes.Bytes;
import java.io.ByteArrayOutputStream;

/** Indents compact JSON text by two spaces, as upstream does for people. */
final class PrettyJson {
  private PrettyJson() {}

  static Bytes of(Bytes compact) {
    byte[] in = compact.unsafeArray();
    var out = new ByteArrayOutputStream(in.length * 2);
    int depth = 0;
    boolean quoted = false;
    for (int i = 0; i < in.length; i++) {
      byte c = in[i];
      if (quoted) {
        out.write(c);
        if (c == '\\') {
          out.write(in[++i]);
        } else if (c == '"') {
          quoted = false;
        }
        continue;
      }
      switch (c) {
        case '"' -> {
          quoted = true;
          out.write(c);
        }
        case '{', '[' -> {
          out.write(c);
          if (i + 1 < in.length && (in[i + 1] == '}' || in[i + 1] == ']')) {
            out.write(in[++i]);
          } else {
            line(out, ++depth);
          }
        }
        case '}', ']' -> {
          line(out, --depth);
          out.write(c);
        }
        case ',' -> {
          out.write(c);
          line(out, depth);
        }
        case ':' -> {
          out.write(c);
          out.write(' ');
        }
        default -> out.write(c);
      }
    }
    out.write('\n');
    return Bytes.wrap(out.toByteArray());
  }

  private static void line(ByteArrayOutputStream out, int depth) {
    out.write('\n');
    for (int i = 0; i < depth * 2; i++) {
      out.write(' ');
    }
  }
}
