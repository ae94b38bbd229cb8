package dev.nacelle.base.http;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;

/**
 * Header fields in their order; names are compared without case. Immutable. Names and values given
 * to the builder must not hold control characters.
 */
public final class Headers {
  public static final Headers EMPTY = new Headers(new String[0]);

  /** Names at even places, values behind them. */
  private final String[] fields;

  private Headers(String[] fields) {
    this.fields = fields;
  }

  /** Fields that a decoder has checked; takes over the array. */
  static Headers trusted(String[] fields) {
    return fields.length == 0 ? EMPTY : new Headers(fields);
  }

  /** Names and values in turn. */
  public static Headers of(String... namesAndValues) {
    if (namesAndValues.length % 2 != 0) {
      throw new IllegalArgumentException("a header name without a value");
    }
    var builder = builder();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      builder.add(namesAndValues[i], namesAndValues[i + 1]);
    }
    return builder.build();
  }

  public static Headers contentType(String mediaType) {
    return of("content-type", mediaType);
  }

  public static Builder builder() {
    return new Builder();
  }

  /** A builder that begins with these fields. */
  public Builder toBuilder() {
    var builder = new Builder();
    builder.fields.addAll(Arrays.asList(fields));
    return builder;
  }

  /** The first value of a name. */
  public Optional<String> first(String name) {
    int at = indexOf(name);
    return at < 0 ? Optional.empty() : Optional.of(fields[at + 1]);
  }

  /** All values of a name, in order. */
  public List<String> all(String name) {
    var values = new ArrayList<String>();
    for (int i = 0; i < fields.length; i += 2) {
      if (fields[i].equalsIgnoreCase(name)) {
        values.add(fields[i + 1]);
      }
    }
    return List.copyOf(values);
  }

  public boolean contains(String name) {
    return indexOf(name) >= 0;
  }

  /** True when a value of the name, split at commas, has {@code token}, without regard to case. */
  public boolean hasToken(String name, String token) {
    for (int i = 0; i < fields.length; i += 2) {
      if (fields[i].equalsIgnoreCase(name)) {
        for (String part : fields[i + 1].split(",", -1)) {
          if (part.strip().equalsIgnoreCase(token)) {
            return true;
          }
        }
      }
    }
    return false;
  }

  /** Fields, a repeated name counted each time. */
  public int size() {
    return fields.length / 2;
  }

  public boolean isEmpty() {
    return fields.length == 0;
  }

  public void forEach(BiConsumer<String, String> action) {
    for (int i = 0; i < fields.length; i += 2) {
      action.accept(fields[i], fields[i + 1]);
    }
  }

  private int indexOf(String name) {
    for (int i = 0; i < fields.length; i += 2) {
      if (fields[i].equalsIgnoreCase(name)) {
        return i;
      }
    }
    return -1;
  }

  @Override
  public String toString() {
    // values may be credentials
    var names = new ArrayList<String>();
    forEach((name, value) -> names.add(name));
    return "Headers" + names;
  }

  /** Builds headers; for one thread. */
  public static final class Builder {
    private final ArrayList<String> fields = new ArrayList<>();

    private Builder() {}

    /**
     * Adds a field behind those of the same name.
     *
     * @throws IllegalArgumentException if name or value hold control characters
     */
    public Builder add(String name, String value) {
      if (name.isEmpty()) {
        throw new IllegalArgumentException("empty header name");
      }
      refuseControls(name, ' ');
      refuseControls(value, '\0');
      fields.add(name);
      fields.add(value);
      return this;
    }

    /** Sets a field in place of all of the same name. */
    public Builder set(String name, String value) {
      return remove(name).add(name, value);
    }

    public Builder addAll(Headers headers) {
      headers.forEach(this::add);
      return this;
    }

    public Builder remove(String name) {
      for (int i = fields.size() - 2; i >= 0; i -= 2) {
        if (fields.get(i).equalsIgnoreCase(name)) {
          fields.remove(i + 1);
          fields.remove(i);
        }
      }
      return this;
    }

    public Headers build() {
      return fields.isEmpty() ? EMPTY : new Headers(fields.toArray(new String[0]));
    }

    private static void refuseControls(String text, char alsoRefused) {
      for (int i = 0; i < text.length(); i++) {
        char c = text.charAt(i);
        if ((c < ' ' && c != '\t') || c == 0x7F || c == alsoRefused) {
          throw new IllegalArgumentException("a header holds a control character");
        }
      }
    }
  }
}
