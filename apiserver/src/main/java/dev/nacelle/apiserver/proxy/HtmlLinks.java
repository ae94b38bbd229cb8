package dev.nacelle.apiserver.proxy;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An HTML page whose links are rewritten as it is read. All else passes byte by byte: text, the
 * insides of scripts and comments, and tags of more than {@value #MAX_TAG} bytes. The page may be
 * in any encoding that has ASCII in it. For one thread.
 */
final class HtmlLinks extends InputStream {
  private static final int MAX_TAG = 64 << 10;
  private static final int CHUNK = 16 << 10;

  /** The attributes that are links, by tag. */
  private static final Map<String, Set<String>> LINKS =
      Map.ofEntries(
          Map.entry("a", Set.of("href")),
          Map.entry("applet", Set.of("codebase")),
          Map.entry("area", Set.of("href")),
          Map.entry("audio", Set.of("src")),
          Map.entry("base", Set.of("href")),
          Map.entry("blockquote", Set.of("cite")),
          Map.entry("body", Set.of("background")),
          Map.entry("button", Set.of("formaction")),
          Map.entry("command", Set.of("icon")),
          Map.entry("del", Set.of("cite")),
          Map.entry("embed", Set.of("src")),
          Map.entry("form", Set.of("action")),
          Map.entry("frame", Set.of("longdesc", "src")),
          Map.entry("head", Set.of("profile")),
          Map.entry("html", Set.of("manifest")),
          Map.entry("iframe", Set.of("longdesc", "src")),
          Map.entry("img", Set.of("longdesc", "src", "usemap")),
          Map.entry("input", Set.of("src", "usemap", "formaction")),
          Map.entry("ins", Set.of("cite")),
          Map.entry("link", Set.of("href")),
          Map.entry("object", Set.of("classid", "codebase", "data", "usemap")),
          Map.entry("q", Set.of("cite")),
          Map.entry("script", Set.of("src")),
          Map.entry("source", Set.of("src")),
          Map.entry("video", Set.of("poster", "src")));

  /** Between their tags nothing is a tag but their own end. */
  private static final Set<String> RAW =
      Set.of(
          "iframe",
          "noembed",
          "noframes",
          "noscript",
          "script",
          "style",
          "textarea",
          "title",
          "xmp");

  /** No byte of a page is this. */
  private static final String NEVER = "\uffff";

  private static final Pattern TAG_NAME = Pattern.compile("<([A-Za-z][^\\s/>]*)");
  private static final Pattern ATTRIBUTE =
      Pattern.compile(
          "[\\s/]*([^\\s/>=][^\\s/>=]*)(?:\\s*=\\s*(?:\"([^\"]*)\"|'([^']*)'|([^\\s>\"'][^\\s>]*)))?");

  private enum In {
    TEXT,
    /** Behind a {@code <}, of which nothing more is known yet. */
    MARK,
    TAG,
    /** In quotes within a tag. */
    QUOTED,
    /** In a comment, or in raw text: until {@link #until}. */
    SKIPPED,
    /** In an end tag or a declaration: until {@code >}. */
    DECLARATION
  }

  private final InputStream page;
  private final UnaryOperator<String> rewrite;
  private final byte[] chunk = new byte[CHUNK];
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  /** What began with a {@code <} and is not understood yet. */
  private final StringBuilder mark = new StringBuilder();

  private ByteArrayInputStream ready = new ByteArrayInputStream(chunk, 0, 0);
  private In in = In.TEXT;
  private String until = "";
  private int matched;
  private char quote;
  private boolean afterEquals;
  private boolean ended;

  /**
   * @param rewrite a link, as it stands between its quotes
   */
  HtmlLinks(InputStream page, UnaryOperator<String> rewrite) {
    this.page = page;
    this.rewrite = rewrite;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
  }

  @Override
  public int read(byte[] target, int offset, int length) throws IOException {
    while (ready.available() == 0 && length > 0) {
      if (ended) {
        return -1;
      }
      fill();
    }
    return length == 0 ? 0 : ready.read(target, offset, length);
  }

  @Override
  public int available() {
    return ready.available();
  }

  @Override
  public void close() throws IOException {
    page.close();
  }

  private void fill() throws IOException {
    int count = page.read(chunk);
    out.reset();
    if (count < 0) {
      ended = true;
      pass();
    }
    for (int i = 0; i < count; i++) {
      take((char) (chunk[i] & 0xFF));
    }
    ready = new ByteArrayInputStream(out.toByteArray());
  }

  private void pass() {
    out.writeBytes(mark.toString().getBytes(ISO_8859_1));
    mark.setLength(0);
  }

  private void take(char c) {
    switch (in) {
      case TEXT -> {
        if (c == '<') {
          mark.append(c);
          in = In.MARK;
        } else {
          out.write(c);
        }
      }
      case MARK -> begin(c);
      case TAG -> tag(c);
      case QUOTED -> {
        mark.append(c);
        if (c == quote) {
          in = In.TAG;
        }
        boundTag();
      }
      case SKIPPED -> skipped(c);
      case DECLARATION -> {
        out.write(c);
        if (c == '>') {
          in = In.TEXT;
        }
      }
    }
  }

  private void begin(char c) {
    mark.append(c);
    if (isLetter(c) && mark.length() == 2) {
      in = In.TAG;
      afterEquals = false;
    } else if ("<!-".contentEquals(mark)) {
      // it may become a comment
      in = In.MARK;
    } else if ("<!--".contentEquals(mark)) {
      pass();
      skip("-->");
    } else if (mark.charAt(1) == '!' && mark.length() == 2) {
      in = In.MARK;
    } else {
      boolean declaration = "!/?".indexOf(mark.charAt(1)) >= 0 && c != '>';
      pass();
      in = declaration ? In.DECLARATION : In.TEXT;
    }
  }

  private static boolean isLetter(char c) {
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
  }

  private void tag(char c) {
    mark.append(c);
    if (c == '>') {
      endTag();
      return;
    }
    if ((c == '"' || c == '\'') && afterEquals) {
      quote = c;
      in = In.QUOTED;
    }
    // blanks may stand between the sign and the value
    afterEquals = c == '=' || (afterEquals && Character.isWhitespace(c));
    boundTag();
  }

  private void boundTag() {
    if (mark.length() > MAX_TAG) {
      pass();
      in = In.TEXT;
    }
  }

  private void endTag() {
    String tag = mark.toString();
    mark.setLength(0);
    Matcher name = TAG_NAME.matcher(tag);
    String lower = name.lookingAt() ? name.group(1).toLowerCase(Locale.ROOT) : "";
    Set<String> links = LINKS.getOrDefault(lower, Set.of());
    String changed = links.isEmpty() ? tag : rewritten(tag, name.end(), links);
    out.writeBytes(changed.getBytes(ISO_8859_1));
    in = In.TEXT;
    if (RAW.contains(lower)) {
      skip("</" + lower);
    } else if (lower.equals("plaintext")) {
      skip(NEVER);
    }
  }

  private String rewritten(String tag, int from, Set<String> links) {
    var result = new StringBuilder(tag.length() + 64).append(tag, 0, from);
    Matcher attribute = ATTRIBUTE.matcher(tag);
    int at = from;
    while (attribute.region(at, tag.length()).lookingAt()) {
      int value = valueGroup(attribute);
      if (value > 0 && links.contains(attribute.group(1).toLowerCase(Locale.ROOT))) {
        result
            .append(tag, at, attribute.start(value))
            .append(rewrite.apply(Optional.ofNullable(attribute.group(value)).orElse("")))
            .append(tag, attribute.end(value), attribute.end());
      } else {
        result.append(tag, at, attribute.end());
      }
      at = attribute.end();
    }
    return result.append(tag, at, tag.length()).toString();
  }

  private static int valueGroup(Matcher attribute) {
    for (int group = 2; group <= 4; group++) {
      if (attribute.start(group) >= 0) {
        return group;
      }
    }
    return 0;
  }

  private void skip(String end) {
    until = end;
    matched = 0;
    in = In.SKIPPED;
  }

  private void skipped(char c) {
    out.write(c);
    char lower = c >= 'A' && c <= 'Z' ? (char) (c | 0x20) : c;
    if (lower == until.charAt(matched)) {
      matched++;
    } else if (!(lower == '-' && until.startsWith("--") && matched == 2)) {
      // three dashes still hold two
      matched = lower == until.charAt(0) ? 1 : 0;
    }
    if (matched == until.length()) {
      in = until.startsWith("<") ? In.DECLARATION : In.TEXT;
    }
  }
}
