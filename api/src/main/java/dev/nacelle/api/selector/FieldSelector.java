package dev.nacelle.api.selector;

import dev.nacelle.api.definition.SelectableField;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.status.ApiException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** Which field values are wanted. Immutable, safe for any thread. */
public final class FieldSelector {
  /** Matches every object. */
  public static final FieldSelector EVERYTHING = new FieldSelector(List.of());

  private final List<Term> terms;

  private FieldSelector(List<Term> terms) {
    this.terms = List.copyOf(terms);
  }

  private record Term(
      String path, String value, boolean negated, Function<KubeObject, String> field) {
    boolean matches(KubeObject object) {
      return field.apply(object).equals(value) != negated;
    }
  }

  /**
   * Reads {@code spec.nodeName=a,status.phase!=Running}. Empty text matches all.
   *
   * @param selectable the fields of the kind, besides {@code metadata.name} and {@code
   *     metadata.namespace}
   * @throws ApiException with code 400: a syntax error, or {@code field label not supported: X}
   */
  public static FieldSelector parse(String text, List<SelectableField> selectable) {
    var terms = new ArrayList<Term>();
    for (String part : split(text)) {
      if (!part.isEmpty()) {
        terms.add(term(text, part, selectable));
      }
    }
    return terms.isEmpty() ? EVERYTHING : new FieldSelector(terms);
  }

  /**
   * The only name that the objects may have which a selector's text asks for; empty where it asks
   * for others too, or cannot be read. Needs no knowledge of the kind.
   */
  public static Optional<String> exactName(String text) {
    for (String part : split(text)) {
      for (String operator : List.of("==", "=")) {
        String begin = "metadata.name" + operator;
        if (part.startsWith(begin)) {
          try {
            return Optional.of(unescape(part.substring(begin.length())))
                .filter(FieldSelector::isPathSegment);
          } catch (ApiException e) {
            return Optional.empty();
          }
        }
      }
    }
    return Optional.empty();
  }

  private static boolean isPathSegment(String name) {
    return !name.isEmpty()
        && !name.equals(".")
        && !name.equals("..")
        && !name.contains("/")
        && !name.contains("%");
  }

  /** Splits at commas that no backslash precedes; the escapes stay. */
  private static List<String> split(String text) {
    var parts = new ArrayList<String>();
    int start = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\\') {
        i++;
      } else if (c == ',') {
        parts.add(text.substring(start, i));
        start = i + 1;
      }
    }
    parts.add(text.substring(start));
    return parts;
  }

  private static Term term(String text, String part, List<SelectableField> selectable) {
    for (int i = 0; i < part.length(); i++) {
      for (String operator : List.of("!=", "==", "=")) {
        if (part.startsWith(operator, i)) {
          String path = part.substring(0, i);
          String value = unescape(part.substring(i + operator.length()));
          return new Term(path, value, operator.equals("!="), field(path, selectable));
        }
      }
    }
    throw ApiException.badRequest(
        "invalid selector: '" + text + "'; can't understand '" + part + "'");
  }

  private static String unescape(String value) {
    var result = new StringBuilder();
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if (c == '\\') {
        char next = i + 1 < value.length() ? value.charAt(++i) : ' ';
        if (next != '\\' && next != ',' && next != '=') {
          throw ApiException.badRequest(
              "invalid field selector: invalid escape sequence: \\" + next);
        }
        result.append(next);
      } else if (c == '=') {
        throw ApiException.badRequest("invalid field selector: unescaped character in value: " + c);
      } else {
        result.append(c);
      }
    }
    return result.toString();
  }

  private static Function<KubeObject, String> field(String path, List<SelectableField> selectable) {
    return switch (path) {
      case "metadata.name" -> KubeObject::name;
      case "metadata.namespace" -> KubeObject::namespace;
      default ->
          selectable.stream()
              .filter(f -> f.path().equals(path))
              .findFirst()
              .map(SelectableField::value)
              .orElseThrow(() -> ApiException.badRequest("field label not supported: " + path));
    };
  }

  public boolean matches(KubeObject object) {
    return terms.stream().allMatch(t -> t.matches(object));
  }

  public boolean isEverything() {
    return terms.isEmpty();
  }

  /** The only value that a field may have, where the selector asks for just one. */
  public Optional<String> exactly(String path) {
    return terms.stream()
        .filter(t -> !t.negated && t.path.equals(path))
        .map(Term::value)
        .findFirst();
  }

  /** The text form. */
  @Override
  public String toString() {
    return String.join(
        ",", terms.stream().map(t -> t.path + (t.negated ? "!=" : "=") + escape(t.value)).toList());
  }

  private static String escape(String value) {
    return value.replace("\\", "\\\\").replace(",", "\\,").replace("=", "\\=");
  }
}
