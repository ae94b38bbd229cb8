package dev.nacelle.api.jsonpath;

import dev.nacelle.api.jsonpath.Step.Comparison;
import dev.nacelle.api.jsonpath.Step.Operand;
import dev.nacelle.base.json.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/** Reads one path; for one thread, used once. Bounded: 4,096 characters. */
final class PathParser {
  private static final int MAX_CHARS = 4096;

  private final String text;

  PathParser(String text) {
    String inner = text.strip();
    if (inner.startsWith("{") && inner.endsWith("}") && inner.length() >= 2) {
      inner = inner.substring(1, inner.length() - 1).strip();
    }
    this.text = inner.startsWith("$") ? inner.substring(1) : inner;
  }

  List<Step> parse() {
    if (text.length() > MAX_CHARS) {
      throw new IllegalArgumentException("path too long");
    }
    return steps(text);
  }

  private static List<Step> steps(String path) {
    var steps = new ArrayList<Step>();
    int at = 0;
    while (at < path.length()) {
      char c = path.charAt(at);
      if (c == '[') {
        int end = closing(path, at);
        steps.add(bracket(path.substring(at + 1, end).strip()));
        at = end + 1;
      } else if (path.startsWith("..", at)) {
        steps.add(new Step.Descent());
        at = member(path, at + 2, steps);
      } else if (c == '.') {
        at = member(path, at + 1, steps);
      } else if (at == 0) {
        at = member(path, 0, steps);
      } else {
        throw new IllegalArgumentException("unrecognized character in action: '" + c + "'");
      }
    }
    return steps;
  }

  /** Reads a name, in which a backslash keeps the next character; a bracket may follow at once. */
  private static int member(String path, int start, List<Step> steps) {
    var name = new StringBuilder();
    int at = start;
    while (at < path.length() && ".[".indexOf(path.charAt(at)) < 0) {
      char c = path.charAt(at);
      if (c == '\\' && at + 1 < path.length()) {
        name.append(path.charAt(at + 1));
        at += 2;
      } else if (Character.isWhitespace(c) || "{}]()|,".indexOf(c) >= 0) {
        throw new IllegalArgumentException("unrecognized character in action: '" + c + "'");
      } else {
        name.append(c);
        at++;
      }
    }
    if (name.toString().equals("*")) {
      steps.add(new Step.Wildcard());
    } else if (!name.isEmpty()) {
      steps.add(new Step.Member(name.toString()));
    } else if (at < path.length() && path.charAt(at) == '.') {
      throw new IllegalArgumentException("unexpected path '.' after '.'");
    }
    return at;
  }

  /** The bracket that closes the one at {@code start}. */
  private static int closing(String path, int start) {
    int depth = 0;
    char quote = 0;
    for (int i = start; i < path.length(); i++) {
      char c = path.charAt(i);
      if (c == '\\') {
        i++;
      } else if (quote != 0) {
        quote = c == quote ? 0 : quote;
      } else if (c == '\'' || c == '"') {
        quote = c;
      } else if (c == '[') {
        depth++;
      } else if (c == ']' && --depth == 0) {
        return i;
      }
    }
    throw new IllegalArgumentException("unterminated array");
  }

  private static Step bracket(String inner) {
    if (inner.startsWith("?(") && inner.endsWith(")")) {
      return filter(inner.substring(2, inner.length() - 1).strip());
    }
    List<String> parts = split(inner);
    if (parts.size() == 1) {
      return item(parts.getFirst().strip(), inner);
    }
    return new Step.Union(parts.stream().map(p -> item(p.strip(), inner)).toList());
  }

  /** Splits at commas outside quotes. */
  private static List<String> split(String inner) {
    var parts = new ArrayList<String>();
    char quote = 0;
    int start = 0;
    for (int i = 0; i < inner.length(); i++) {
      char c = inner.charAt(i);
      if (c == '\\') {
        i++;
      } else if (quote != 0) {
        quote = c == quote ? 0 : quote;
      } else if (c == '\'' || c == '"') {
        quote = c;
      } else if (c == ',') {
        parts.add(inner.substring(start, i));
        start = i + 1;
      }
    }
    parts.add(inner.substring(start));
    return parts;
  }

  private static Step item(String text, String whole) {
    if (text.equals("*")) {
      return new Step.Wildcard();
    }
    if (isQuoted(text)) {
      return new Step.Member(unquote(text));
    }
    if (!text.matches("-?\\d{0,9}(:-?\\d{0,9}){0,2}") || text.isEmpty()) {
      throw new IllegalArgumentException("invalid array index " + whole);
    }
    String[] bounds = text.split(":", -1);
    if (bounds.length == 1) {
      return new Step.Index(Integer.parseInt(bounds[0]));
    }
    int stride = bounds.length == 3 ? number(bounds[2]).orElse(1) : 1;
    if (stride <= 0) {
      throw new IllegalArgumentException("step must be > 0");
    }
    return new Step.Slice(number(bounds[0]), number(bounds[1]), stride);
  }

  private static OptionalInt number(String text) {
    return text.isEmpty() || text.equals("-")
        ? OptionalInt.empty()
        : OptionalInt.of(Integer.parseInt(text));
  }

  private static Step filter(String text) {
    char quote = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\\') {
        i++;
      } else if (quote != 0) {
        quote = c == quote ? 0 : quote;
      } else if (c == '\'' || c == '"') {
        quote = c;
      } else if ("=!<>".indexOf(c) >= 0) {
        boolean two = i + 1 < text.length() && text.charAt(i + 1) == '=';
        String operator = text.substring(i, two ? i + 2 : i + 1);
        return new Step.Filter(
            operand(text.substring(0, i).strip()),
            comparison(operator),
            operand(text.substring(i + operator.length()).strip()));
      }
    }
    Operand only = operand(text);
    return new Step.Filter(only, Comparison.EXISTS, only);
  }

  private static Comparison comparison(String operator) {
    return switch (operator) {
      case "==" -> Comparison.EQUAL;
      case "!=" -> Comparison.NOT_EQUAL;
      case "<" -> Comparison.LESS;
      case "<=" -> Comparison.LESS_OR_EQUAL;
      case ">" -> Comparison.GREATER;
      case ">=" -> Comparison.GREATER_OR_EQUAL;
      default -> throw new IllegalArgumentException("unrecognized filter operator " + operator);
    };
  }

  private static Operand operand(String text) {
    if (text.startsWith("@")) {
      return new Step.Relative(steps(text.substring(1)));
    }
    if (isQuoted(text)) {
      return new Step.Literal(Json.of(unquote(text)));
    }
    if (text.equals("true") || text.equals("false")) {
      return new Step.Literal(Json.of(text.equals("true")));
    }
    try {
      return new Step.Literal(
          text.matches("-?\\d{1,18}")
              ? Json.of(Long.parseLong(text))
              : Json.of(Double.parseDouble(text)));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("unrecognized filter operand " + text, e);
    }
  }

  private static boolean isQuoted(String text) {
    return text.length() >= 2
        && (text.charAt(0) == '\'' || text.charAt(0) == '"')
        && text.charAt(text.length() - 1) == text.charAt(0);
  }

  private static String unquote(String text) {
    var result = new StringBuilder();
    for (int i = 1; i < text.length() - 1; i++) {
      char c = text.charAt(i);
      if (c == '\\' && i + 1 < text.length() - 1) {
        c = text.charAt(++i);
      }
      result.append(c);
    }
    return result.toString();
  }
}
