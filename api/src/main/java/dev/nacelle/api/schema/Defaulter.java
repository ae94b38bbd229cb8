package dev.nacelle.api.schema;

import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonNull;
import dev.nacelle.base.json.JsonObject;
import java.util.ArrayList;
import java.util.Optional;

/** Fills absent fields with the defaults of a schema. Pure and idempotent. */
public final class Defaulter {
  private Defaulter() {}

  /**
   * Defaults go wherever their parent is present; a null that its schema does not allow is replaced
   * by the default, or dropped where there is none. The same instance if nothing changes.
   */
  public static JsonObject apply(JsonObject object, Schema schema) {
    JsonObject result = object;
    for (var property : schema.properties().entrySet()) {
      Optional<Json> value = property.getValue().defaultValue();
      if (value.isPresent() && isWanting(result.get(property.getKey()), property.getValue())) {
        result = result.with(property.getKey(), value.get());
      }
    }
    for (var member : result.members().entrySet()) {
      Optional<Schema> known = schema.member(member.getKey());
      if (known.isEmpty()) {
        continue;
      }
      Json before = member.getValue();
      if (isWanting(Optional.of(before), known.get())) {
        Optional<Json> value = known.get().defaultValue();
        result =
            value.isPresent()
                ? result.with(member.getKey(), value.get())
                : result.without(member.getKey());
      } else {
        Json after = applyTo(before, known.get());
        if (after != before) {
          result = result.with(member.getKey(), after);
        }
      }
    }
    return result;
  }

  private static boolean isWanting(Optional<Json> value, Schema schema) {
    return value.isEmpty() || (value.get() instanceof JsonNull && !schema.isNullable());
  }

  private static Json applyTo(Json value, Schema schema) {
    return switch (value) {
      case JsonObject o -> apply(o, schema);
      case JsonArray a when schema.items().isPresent() -> applyToItems(a, schema.items().get());
      case Json other -> other;
    };
  }

  private static JsonArray applyToItems(JsonArray array, Schema items) {
    var result = new ArrayList<Json>(array.size());
    boolean changed = false;
    for (Json item : array) {
      Json after =
          isWanting(Optional.of(item), items)
              ? items.defaultValue().orElse(item)
              : applyTo(item, items);
      changed |= after != item;
      result.add(after);
    }
    return changed ? new JsonArray(result) : array;
  }
}
