package dev.nacelle.base.json;

import dev.nacelle.base.bytes.Bytes;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Writes trees as YAML for people, in the layout that kubectl prints: two spaces, list items at the
 * depth of their key, members in their order. What is written reads back the same, by {@link
 * YamlReader} and by YAML 1.2 readers. Safe for any thread.
 */
public final class YamlWriter {
  private static final Pattern PLAIN =
      Pattern.compile(
          "[\\p{L}_/.][\\p{L}\\p{Nd}_/.,+()@;<>=$%^~\\\\-]*+([ :]++[^\\s:#\\p{C}][^\\s:#\\p{C}]*+)*+");
  private static final Pattern DIGITS_FIRST = Pattern.compile("[0-9][\\p{L}\\p{Nd}_/.@-]*+");
  private static final Pattern BLOCK =
      Pattern.compile(
          "[^\\s\\p{C}][^\\p{C}\\u0085\\u2028\\u2029]*+(\\n[^\\p{C}\\u0085\\u2028\\u2029]*+)*+");

  private YamlWriter() {}

  /** One document; ends with a line feed. */
  public static Bytes write(Json value) {
    var out = new StringBuilder();
    switch (value) {
      case JsonObject o when !o.isEmpty() -> object(o, 0, out);
      case JsonArray a when !a.isEmpty() -> array(a, 0, out);
      case Json scalar -> out.append(scalar(scalar)).append('\n');
    }
    return Bytes.utf8(out.toString());
  }

  /** Several documents with separators between. */
  public static Bytes writeAll(List<? extends Json> values) {
    var out = new StringBuilder();
    for (Json value : values) {
      out.append(out.isEmpty() ? "" : "---\n").append(write(value).toUtf8());
    }
    return Bytes.utf8(out.toString());
  }

  private static void object(JsonObject object, int depth, StringBuilder out) {
    boolean first = true;
    for (var member : object.members().entrySet()) {
      if (!first) {
        indent(depth, out);
      }
      first = false;
      out.append(key(member.getKey())).append(':');
      switch (member.getValue()) {
        case JsonObject o when !o.isEmpty() -> {
          out.append('\n');
          indent(depth + 1, out);
          object(o, depth + 1, out);
        }
        case JsonArray a when !a.isEmpty() -> {
          out.append('\n');
          indent(depth, out);
          array(a, depth, out);
        }
        case JsonString s when isBlock(s.value()) -> block(s.value(), depth + 1, out);
        case Json scalar -> out.append(' ').append(scalar(scalar)).append('\n');
      }
    }
  }

  private static void array(JsonArray array, int depth, StringBuilder out) {
    boolean first = true;
    for (Json item : array) {
      if (!first) {
        indent(depth, out);
      }
      first = false;
      out.append('-');
      switch (item) {
        case JsonObject o when !o.isEmpty() -> {
          out.append(' ');
          object(o, depth + 1, out);
        }
        case JsonArray a when !a.isEmpty() -> {
          out.append(' ');
          array(a, depth + 1, out);
        }
        case JsonString s when isBlock(s.value()) -> block(s.value(), depth + 1, out);
        case Json scalar -> out.append(' ').append(scalar(scalar)).append('\n');
      }
    }
  }

  private static void indent(int depth, StringBuilder out) {
    out.repeat("  ", depth);
  }

  private static String key(String key) {
    return isPlain(key) ? key : quoted(key);
  }

  private static String scalar(Json value) {
    return value instanceof JsonString s && isPlain(s.value()) ? s.value() : quoted(value);
  }

  private static String quoted(String text) {
    return quoted(new JsonString(text));
  }

  /** JSON's notation of scalars and empty collections is YAML's too. */
  private static String quoted(Json value) {
    String text = JsonWriter.write(value).toUtf8();
    var escaped = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      // YAML takes these for line breaks, or does not allow them at all
      boolean escape =
          (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029 || c == 0xFEFF || c >= 0xFFFE;
      if (escape) {
        escaped.append("\\u%04x".formatted((int) c));
      } else {
        escaped.append(c);
      }
    }
    return escaped.toString();
  }

  private static boolean isPlain(String text) {
    if (text.isEmpty() || text.length() > 4096 || text.equals("<<")) {
      return false;
    }
    boolean shape =
        (PLAIN.matcher(text).matches() && !text.contains(": ") && !text.endsWith(":"))
            || DIGITS_FIRST.matcher(text).matches();
    return shape && !text.startsWith("...") && isString(text);
  }

  /** Neither a reader of YAML 1.1 nor one of 1.2 takes it for anything else. */
  private static boolean isString(String text) {
    if (text.matches("[-+.0-9][-+.0-9_:eExXoObBa-fA-F]*|\\.?(nan|inf)")
        || text.matches("\\d{4}-.*")) {
      return false;
    }
    try {
      return YamlScalars.resolve(text) instanceof JsonString;
    } catch (JsonSyntaxException e) {
      return false;
    }
  }

  private static boolean isBlock(String text) {
    return text.indexOf('\n') >= 0 && !text.contains(" \n") && BLOCK.matcher(text).matches();
  }

  private static void block(String text, int depth, StringBuilder out) {
    boolean ends = text.endsWith("\n");
    out.append(ends ? (text.endsWith("\n\n") ? " |+" : " |") : " |-").append('\n');
    String body = ends ? text.substring(0, text.length() - 1) : text;
    for (String line : body.split("\n", -1)) {
      if (!line.isEmpty()) {
        indent(depth, out);
        out.append(line);
      }
      out.append('\n');
    }
  }
}
