package dev.nacelle.node.start;

import java.util.Map;

/**
 * Expands {@code $(NAME)} in commands and variables, as {@code
 * k8s.io/kubernetes/third_party/forked/golang/expansion} does. Pure.
 */
final class Environment {
  private Environment() {}

  /** Unknown names stay as they are; {@code $$} is a dollar sign. */
  static String expand(String text, Map<String, String> values) {
    int at = text.indexOf('$');
    if (at < 0) {
      return text;
    }
    var result = new StringBuilder(text.length() + 16);
    int from = 0;
    while (at >= 0 && at + 1 < text.length()) {
      result.append(text, from, at);
      char next = text.charAt(at + 1);
      if (next == '$') {
        result.append('$');
        from = at + 2;
      } else if (next == '(') {
        int end = text.indexOf(')', at + 2);
        if (end < 0) {
          result.append("$(");
          from = at + 2;
        } else {
          String name = text.substring(at + 2, end);
          String value = values.get(name);
          result.append(value == null ? "$(" + name + ")" : value);
          from = end + 1;
        }
      } else {
        result.append('$').append(next);
        from = at + 2;
      }
      at = text.indexOf('$', from);
    }
    return result.append(text, from, text.length()).toString();
  }
}
