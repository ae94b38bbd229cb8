package dev.nacelle.api.apply;

import dev.nacelle.api.schema.Schema;
import dev.nacelle.api.schema.Schema.ListType;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonNull;
import dev.nacelle.base.json.JsonObject;
import java.util.Optional;

/** The paths that a configuration states, as {@code TypedValue.ToFieldSet} finds them. */
final class Ownership {
  private Ownership() {}

  static FieldSet of(JsonObject object, Optional<Schema> schema) {
    var set = new FieldSet.Builder();
    members(object, schema, set);
    return set.build();
  }

  private static void value(Json value, Optional<Schema> schema, FieldSet.Builder at) {
    switch (value) {
      case JsonObject o -> {
        if (Shapes.isAtomicMap(schema)) {
          at.insert();
        } else {
          members(o, schema, at);
        }
      }
      case JsonArray a -> {
        if (Shapes.listType(schema) == ListType.ATOMIC) {
          at.insert();
        } else {
          items(a, schema, at);
        }
      }
      case Json scalar -> at.insert();
    }
  }

  private static void members(JsonObject object, Optional<Schema> schema, FieldSet.Builder at) {
    object
        .members()
        .forEach(
            (name, value) -> {
              FieldSet.Builder below = at.at(new PathElement.Field(name));
              value(value, Shapes.member(schema, name), below);
              boolean hollow =
                  value instanceof JsonNull || (value instanceof JsonObject o && o.isEmpty());
              if (hollow || !Shapes.isNamed(schema, name)) {
                below.insert();
              }
            });
  }

  private static void items(JsonArray array, Optional<Schema> schema, FieldSet.Builder at) {
    for (int i = 0; i < array.size(); i++) {
      FieldSet.Builder below = at.at(Shapes.element(schema, array.get(i), i));
      value(array.get(i), Shapes.items(schema), below);
      below.insert();
    }
  }
}
