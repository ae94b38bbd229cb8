package dev.nacelle.base.http;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** The target of a request line, cut into its parts. */
record RequestTarget(String rawPath, String path, String rawQuery) {

  /** Empty where the target is none that a server can serve. */
  static Optional<RequestTarget> parse(String target) {
    String text = target;
    if (!text.startsWith("/")) {
      int scheme = text.indexOf("://");
      if (scheme < 0) {
        return Optional.empty();
      }
      int slash = text.indexOf('/', scheme + 3);
      text = slash < 0 ? "/" : text.substring(slash);
    }
    int fragment = text.indexOf('#');
    if (fragment >= 0) {
      text = text.substring(0, fragment);
    }
    int question = text.indexOf('?');
    String rawPath = question < 0 ? text : text.substring(0, question);
    String rawQuery = question < 0 ? "" : text.substring(question + 1);
    return decode(rawPath).map(path -> new RequestTarget(rawPath, path, rawQuery));
  }

  private static Optional<String> decode(String text) {
    if (text.indexOf('%') < 0) {
      return Optional.of(text);
    }
    var bytes = new ByteArrayOutputStream(text.length());
    byte[] raw = text.getBytes(StandardCharsets.UTF_8);
    for (int i = 0; i < raw.length; i++) {
      if (raw[i] != '%') {
        bytes.write(raw[i]);
        continue;
      }
      int high = i + 2 < raw.length ? Character.digit(raw[i + 1], 16) : -1;
      int low = i + 2 < raw.length ? Character.digit(raw[i + 2], 16) : -1;
      if (high < 0 || low < 0) {
        return Optional.empty();
      }
      bytes.write(high << 4 | low);
      i += 2;
    }
    return Optional.of(bytes.toString(StandardCharsets.UTF_8));
  }
}
