package dev.nacelle.api.apply;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonBoolean;
import dev.nacelle.base.json.JsonNull;
import dev.nacelle.base.json.JsonNumber;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.base.json.JsonString;
import dev.nacelle.base.json.JsonSyntaxException;
import dev.nacelle.base.json.JsonWriter;
import java.util.Comparator;
import java.util.Iterator;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** One step of a field path. Ordered as structured-merge-diff orders them. */
sealed interface PathElement extends Comparable<PathElement> {

  /** A member of an object. */
  record Field(String name) implements PathElement {
    @Override
    public String toString() {
      return "." + name;
    }
  }

  /** An item of a map list, by its keys, sorted by name. */
  record Key(JsonObject keys) implements PathElement {
    public Key {
      var sorted = new TreeMap<String, Json>(keys.members());
      keys = JsonObject.of(sorted);
    }

    @Override
    public String toString() {
      return keys.members().entrySet().stream()
          .map(e -> e.getKey() + "=" + text(e.getValue()))
          .collect(Collectors.joining(",", "[", "]"));
    }
  }

  /** An item of a set list. */
  record Value(Json value) implements PathElement {
    @Override
    public String toString() {
      return "[=" + text(value) + "]";
    }
  }

  /** An item of a list that has no better name. */
  record Index(int index) implements PathElement {
    @Override
    public String toString() {
      return "[" + index + "]";
    }
  }

  private static String text(Json value) {
    return JsonWriter.write(value).toUtf8();
  }

  /** As {@code FieldsV1} names it. */
  default String encoded() {
    return switch (this) {
      case Field f -> "f:" + f.name();
      case Key k -> "k:" + text(k.keys());
      case Value v -> "v:" + text(v.value());
      case Index i -> "i:" + i.index();
    };
  }

  /**
   * @throws IllegalArgumentException if it is not one
   */
  static PathElement decode(String text) {
    if (text.length() < 2 || text.charAt(1) != ':') {
      throw new IllegalArgumentException("missing colon in path element: " + text);
    }
    String rest = text.substring(2);
    try {
      return switch (text.charAt(0)) {
        case 'f' -> new Field(rest);
        case 'k' -> new Key(JsonReader.readObject(Bytes.utf8(rest)));
        case 'v' -> new Value(JsonReader.read(Bytes.utf8(rest)));
        case 'i' -> new Index(Integer.parseInt(rest));
        default -> throw new IllegalArgumentException("unknown path element: " + text);
      };
    } catch (JsonSyntaxException | NumberFormatException e) {
      throw new IllegalArgumentException("invalid path element: " + text, e);
    }
  }

  @Override
  default int compareTo(PathElement other) {
    return switch (this) {
      case Field f when other instanceof Field o -> f.name().compareTo(o.name());
      case Key k when other instanceof Key o -> compare(k.keys(), o.keys());
      case Value v when other instanceof Value o -> compare(v.value(), o.value());
      case Index i when other instanceof Index o -> Integer.compare(i.index(), o.index());
      case PathElement e -> Integer.compare(rank(e), rank(other));
    };
  }

  private static int rank(PathElement element) {
    return switch (element) {
      case Field f -> 0;
      case Key k -> 1;
      case Value v -> 2;
      case Index i -> 3;
    };
  }

  private static int compare(Json left, Json right) {
    return switch (left) {
      case JsonNumber l when right instanceof JsonNumber r -> compareNumbers(l, r);
      case JsonString l when right instanceof JsonString r -> l.value().compareTo(r.value());
      case JsonBoolean l when right instanceof JsonBoolean r -> l.compareTo(r);
      case JsonArray l when right instanceof JsonArray r ->
          compare(l.iterator(), r.iterator(), PathElement::compare);
      case JsonObject l when right instanceof JsonObject r ->
          compare(
              new TreeMap<>(l.members()).entrySet().iterator(),
              new TreeMap<>(r.members()).entrySet().iterator(),
              Map.Entry.<String, Json>comparingByKey()
                  .thenComparing(Map.Entry::getValue, PathElement::compare));
      case Json l -> Integer.compare(rank(l), rank(right));
    };
  }

  private static int compareNumbers(JsonNumber left, JsonNumber right) {
    return left instanceof JsonNumber.Integer l && right instanceof JsonNumber.Integer r
        ? Long.compare(l.value(), r.value())
        : Double.compare(left.doubleValue(), right.doubleValue());
  }

  private static <T> int compare(Iterator<T> left, Iterator<T> right, Comparator<T> order) {
    while (left.hasNext() && right.hasNext()) {
      int result = order.compare(left.next(), right.next());
      if (result != 0) {
        return result;
      }
    }
    return Boolean.compare(left.hasNext(), right.hasNext());
  }

  private static int rank(Json value) {
    return switch (value) {
      case JsonNumber n -> 0;
      case JsonString s -> 1;
      case JsonBoolean b -> 2;
      case JsonNull n -> 3;
      case JsonArray a -> 4;
      case JsonObject o -> 5;
    };
  }
}
