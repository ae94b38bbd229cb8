package dev.nacelle.api.schema;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Regular expressions of Go's dialect (RE2), run by the JDK with a bound on the work: a pattern
 * that takes too long on a text fails instead. Look-around and back references, which RE2 lacks,
 * are refused. Immutable, safe for any thread.
 */
public final class GoRegex {
  private static final int MAX_CACHED = 1_000;
  private static final int MAX_PATTERN_CHARS = 10_000;
  private static final long MAX_STEPS = 5_000_000;
  private static final Map<String, GoRegex> CACHE =
      new LinkedHashMap<>(64, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, GoRegex> eldest) {
          return size() > MAX_CACHED;
        }
      };

  private final Pattern pattern;

  private GoRegex(Pattern pattern) {
    this.pattern = pattern;
  }

  /** A match took more steps than are allowed. */
  public static final class TooMuchWorkException extends Exception {
    private static final long serialVersionUID = 1L;

    TooMuchWorkException() {
      super("the pattern takes too long to match", null, false, false);
    }
  }

  /**
   * Compiles a pattern; the last ones used are kept.
   *
   * @throws PatternSyntaxException if it is not one
   */
  public static GoRegex compile(String text) {
    synchronized (CACHE) {
      GoRegex cached = CACHE.get(text);
      if (cached != null) {
        return cached;
      }
    }
    if (text.length() > MAX_PATTERN_CHARS) {
      throw new PatternSyntaxException("expression too large", text, -1);
    }
    GoRegex compiled;
    try {
      compiled = new GoRegex(Pattern.compile(toJava(text), Pattern.UNIX_LINES));
    } catch (StackOverflowError e) {
      throw new PatternSyntaxException("expression nests too deeply", text, -1);
    }
    synchronized (CACHE) {
      CACHE.put(text, compiled);
    }
    return compiled;
  }

  /** Whether the pattern matches anywhere in the text. */
  public boolean find(String text) throws TooMuchWorkException {
    try {
      return pattern.matcher(new Metered(text, new long[] {MAX_STEPS}, 0, text.length())).find();
    } catch (Exhausted | StackOverflowError e) {
      throw new TooMuchWorkException();
    }
  }

  private static String toJava(String regex) {
    var out = new StringBuilder();
    boolean inClass = false;
    for (int i = 0; i < regex.length(); i++) {
      char c = regex.charAt(i);
      if (c == '\\') {
        i = escape(regex, i, out);
      } else if (inClass) {
        if (c == '[' && regex.startsWith("[:", i) && regex.indexOf(":]", i) > 0) {
          int end = regex.indexOf(":]", i);
          out.append(posix(regex, regex.substring(i + 2, end)));
          i = end + 1;
        } else {
          inClass = c != ']';
          out.append(c == '[' || c == '&' ? "\\" + c : String.valueOf(c));
        }
      } else if (c == '[') {
        inClass = true;
        out.append(c);
        i = classStart(regex, i, out);
      } else if (c == '(' && regex.startsWith("(?", i)) {
        i = group(regex, i, out);
      } else if (c == '$') {
        out.append("\\z");
      } else {
        refusePossessive(regex, i);
        out.append(c);
      }
    }
    return out.toString();
  }

  /** A bracket that comes first in a class stands for itself. */
  private static int classStart(String regex, int at, StringBuilder out) {
    int i = at;
    if (i + 1 < regex.length() && regex.charAt(i + 1) == '^') {
      out.append('^');
      i++;
    }
    if (i + 1 < regex.length() && regex.charAt(i + 1) == ']') {
      out.append("\\]");
      i++;
    }
    return i;
  }

  private static int escape(String regex, int at, StringBuilder out) {
    if (at + 1 >= regex.length()) {
      throw new PatternSyntaxException("trailing backslash at end of expression", regex, at);
    }
    char next = regex.charAt(at + 1);
    if ((next >= '1' && next <= '9') || next == 'k' || next == 'Z' || next == 'G') {
      throw new PatternSyntaxException("invalid escape sequence", regex, at);
    }
    out.append('\\').append(next);
    return at + 1;
  }

  private static int group(String regex, int at, StringBuilder out) {
    if (regex.startsWith("(?P<", at)) {
      out.append("(?<");
      return at + 3;
    }
    String rest = regex.substring(at + 2, Math.min(regex.length(), at + 4));
    if (rest.startsWith("=")
        || rest.startsWith("!")
        || rest.startsWith(">")
        || rest.startsWith("<=")
        || rest.startsWith("<!")) {
      throw new PatternSyntaxException("invalid or unsupported Perl syntax", regex, at);
    }
    out.append("(?");
    return at + 1;
  }

  private static void refusePossessive(String regex, int at) {
    if (regex.charAt(at) == '+' && at > 0 && "*+?}".indexOf(regex.charAt(at - 1)) >= 0) {
      boolean literal = at > 1 && regex.charAt(at - 2) == '\\';
      if (!literal) {
        throw new PatternSyntaxException("invalid nested repetition operator", regex, at);
      }
    }
  }

  private static String posix(String regex, String name) {
    boolean negated = name.startsWith("^");
    String set =
        switch (negated ? name.substring(1) : name) {
          case "alnum" -> "Alnum";
          case "alpha" -> "Alpha";
          case "ascii" -> "ASCII";
          case "blank" -> "Blank";
          case "cntrl" -> "Cntrl";
          case "digit" -> "Digit";
          case "graph" -> "Graph";
          case "lower" -> "Lower";
          case "print" -> "Print";
          case "punct" -> "Punct";
          case "space" -> "Space";
          case "upper" -> "Upper";
          case "word" -> "word";
          case "xdigit" -> "XDigit";
          default -> throw new PatternSyntaxException("invalid character class range", regex, -1);
        };
    if (set.equals("word")) {
      return negated ? "\\W" : "\\w";
    }
    return (negated ? "\\P{" : "\\p{") + set + "}";
  }

  /** Ends a match from within: the only way out of the JDK's matcher. */
  private static final class Exhausted extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Exhausted() {
      super("exhausted", null, false, false);
    }
  }

  /** A text that counts how often it is looked at. */
  private record Metered(String text, long[] left, int start, int end) implements CharSequence {
    @Override
    public char charAt(int index) {
      if (--left[0] < 0) {
        throw new Exhausted();
      }
      return text.charAt(start + index);
    }

    @Override
    public int length() {
      return end - start;
    }

    @Override
    public CharSequence subSequence(int from, int to) {
      return new Metered(text, left, start + from, start + to);
    }

    @Override
    public String toString() {
      return text.substring(start, end);
    }
  }
}
