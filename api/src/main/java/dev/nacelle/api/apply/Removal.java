package dev.nacelle.api.apply;

import dev.nacelle.api.schema.Schema;
import dev.nacelle.api.schema.Schema.ListType;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import java.util.ArrayList;
import java.util.Optional;

/** Takes paths out of an object, as {@code TypedValue.RemoveItems} does. */
final class Removal {
  private Removal() {}

  static JsonObject remove(JsonObject object, FieldSet unwanted, Optional<Schema> schema) {
    return unwanted.isEmpty() ? object : members(object, unwanted, schema);
  }

  private static JsonObject members(JsonObject object, FieldSet unwanted, Optional<Schema> schema) {
    var result = JsonObject.builder();
    object
        .members()
        .forEach(
            (name, value) -> {
              var element = new PathElement.Field(name);
              if (!unwanted.has(element)) {
                result.putIf(
                    name, value(value, unwanted.below(element), Shapes.member(schema, name)));
              }
            });
    return result.build();
  }

  /** What is left of a value; empty if a map or list became empty or is owned as a whole. */
  private static Optional<Json> value(Json value, FieldSet unwanted, Optional<Schema> schema) {
    if (unwanted.isEmpty()) {
      return Optional.of(value);
    }
    return switch (value) {
      case JsonObject o when !o.isEmpty() ->
          Shapes.isAtomicMap(schema)
              ? Optional.empty()
              : Optional.<Json>of(members(o, unwanted, schema))
                  .filter(m -> !m.equals(JsonObject.EMPTY));
      case JsonArray a when !a.isEmpty() ->
          Shapes.listType(schema) == ListType.ATOMIC
              ? Optional.empty()
              : Optional.<Json>of(items(a, unwanted, schema))
                  .filter(i -> !i.equals(JsonArray.EMPTY));
      case Json other -> Optional.of(other);
    };
  }

  private static JsonArray items(JsonArray array, FieldSet unwanted, Optional<Schema> schema) {
    var kept = new ArrayList<Json>();
    for (int i = 0; i < array.size(); i++) {
      PathElement element = Shapes.element(schema, array.get(i), i);
      if (!unwanted.has(element)) {
        value(array.get(i), unwanted.below(element), Shapes.items(schema)).ifPresent(kept::add);
      }
    }
    return new JsonArray(kept);
  }
}
