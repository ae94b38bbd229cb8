package dev.nacelle.api.apply;

import dev.nacelle.api.schema.Schema;
import dev.nacelle.api.schema.Schema.ListType;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import java.util.Optional;

/**
 * How values are owned. Where there is no schema it is deduced: maps by member, lists and scalars
 * as a whole.
 */
final class Shapes {
  private Shapes() {}

  /** Whether an object is owned as a whole. */
  static boolean isAtomicMap(Optional<Schema> schema) {
    if (schema.isEmpty() || schema.get().preservesUnknownFields()) {
      return schema.isPresent() && schema.get().isAtomicMap();
    }
    Schema s = schema.get();
    boolean arbitrary =
        s.properties().isEmpty()
            && s.additionalProperties().isEmpty()
            && s.type().filter("object"::equals).isPresent();
    return s.isAtomicMap() || arbitrary;
  }

  static ListType listType(Optional<Schema> schema) {
    return schema.map(Schema::listType).orElse(ListType.ATOMIC);
  }

  /** Whether a list or map of this schema is owned as a whole. */
  static boolean isWhole(Optional<Schema> schema) {
    Optional<String> type = schema.flatMap(Schema::type);
    return switch (type.orElse("")) {
      case "array" -> listType(schema) == ListType.ATOMIC;
      case "object" -> isAtomicMap(schema);
      default -> false;
    };
  }

  static Optional<Schema> member(Optional<Schema> schema, String name) {
    return schema.flatMap(s -> s.member(name));
  }

  static Optional<Schema> items(Optional<Schema> schema) {
    return schema.flatMap(Schema::items);
  }

  static Optional<Schema> child(Optional<Schema> schema, PathElement element) {
    return element instanceof PathElement.Field f ? member(schema, f.name()) : items(schema);
  }

  /** Whether a member is a field of the schema, not a key of a map. */
  static boolean isNamed(Optional<Schema> schema, String name) {
    return schema.flatMap(s -> s.property(name)).isPresent();
  }

  /** An item that its list's keys cannot name; the message is structured-merge-diff's. */
  static final class KeylessItemException extends Exception {
    private static final long serialVersionUID = 1L;

    KeylessItemException(String message) {
      super(message, null, false, false);
    }
  }

  /** The name of an item; its index where the keys cannot name it. */
  static PathElement element(Optional<Schema> list, Json item, int index) {
    try {
      return keyedElement(list, item);
    } catch (KeylessItemException e) {
      return new PathElement.Index(index);
    }
  }

  static PathElement keyedElement(Optional<Schema> list, Json item) throws KeylessItemException {
    if (listType(list) == ListType.SET) {
      if (item instanceof JsonArray) {
        throw new KeylessItemException("not supporting lists of lists in associative lists");
      }
      return new PathElement.Value(item);
    }
    if (!(item instanceof JsonObject object)) {
      throw new KeylessItemException("associative list with keys may not have non-map elements");
    }
    var keys = JsonObject.builder();
    for (String name : list.orElseThrow().listMapKeys()) {
      Optional<Json> value = object.get(name).or(() -> keyDefault(list.orElseThrow(), name));
      if (value.isEmpty()) {
        throw new KeylessItemException(
            "associative list with keys has an element that omits key field \""
                + name
                + "\" (and doesn't have default value)");
      }
      keys.put(name, value.get());
    }
    return new PathElement.Key(keys.build());
  }

  /** Of built-in kinds only the protocol of a port is a key with a default. */
  private static Optional<Json> keyDefault(Schema list, String name) {
    Optional<Schema> items = list.items();
    Optional<Json> value = items.flatMap(s -> s.property(name)).flatMap(Schema::defaultValue);
    boolean builtIn = items.flatMap(Schema::referenceName).isPresent();
    return value.isEmpty() && builtIn && name.equals("protocol")
        ? Optional.of(Json.of("TCP"))
        : value;
  }
}
