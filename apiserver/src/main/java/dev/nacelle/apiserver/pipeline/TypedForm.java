package dev.nacelle.apiserver.pipeline;

import dev.nacelle.api.schema.Schema;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonNull;
import dev.nacelle.base.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/**
 * What is left of a tree once upstream has held it in its types: a null is an absent field wherever
 * the schema tells what belongs there, and so is an empty list or map that nobody requires. Pure.
 */
final class TypedForm {
  /** Upstream writes a list of these even where it is empty, though nobody requires it. */
  private static final Set<String> ALWAYS_WRITTEN = Set.of("io.k8s.api.rbac.v1.PolicyRule");

  private TypedForm() {}

  static JsonObject of(JsonObject object, Schema schema) {
    if (schema.preservesUnknownFields()) {
      return object;
    }
    JsonObject.Builder changed = null;
    for (var member : object.members().entrySet()) {
      String name = member.getKey();
      Json value = member.getValue();
      if (isAbsent(name, value, schema)) {
        changed = changed == null ? object.toBuilder() : changed;
        changed.remove(name);
        continue;
      }
      Json next = schema.member(name).map(child -> of(value, child)).orElse(value);
      if (next != value) {
        changed = changed == null ? object.toBuilder() : changed;
        changed.put(name, next);
      }
    }
    return changed == null ? object : changed.build();
  }

  private static boolean isAbsent(String name, Json value, Schema schema) {
    return switch (value) {
      case JsonNull n -> true;
      case JsonArray a -> a.isEmpty() && isOptional(name, schema, TypedForm::isList);
      case JsonObject o -> o.isEmpty() && isOptional(name, schema, TypedForm::isMap);
      case Json other -> false;
    };
  }

  private static boolean isOptional(String name, Schema schema, Predicate<Schema> collection) {
    return schema.property(name).map(Schema::resolved).filter(collection).isPresent()
        && !schema.required().contains(name);
  }

  private static boolean isList(Schema schema) {
    return schema.items().isPresent()
        && schema.items().flatMap(Schema::referenceName).filter(ALWAYS_WRITTEN::contains).isEmpty()
        && !schema.preservesUnknownFields();
  }

  /** A struct may be there and empty ({@code emptyDir: {}}), a map may not. */
  private static boolean isMap(Schema schema) {
    return schema.additionalProperties().isPresent()
        && schema.properties().isEmpty()
        && !schema.preservesUnknownFields();
  }

  private static Json of(Json value, Schema schema) {
    return switch (value) {
      case JsonObject o -> of(o, schema);
      case JsonArray a -> schema.items().map(items -> of(a, items)).orElse(a);
      case Json other -> other;
    };
  }

  private static Json of(JsonArray array, Schema items) {
    List<Json> changed = null;
    for (int i = 0; i < array.size(); i++) {
      Json next = of(array.get(i), items);
      if (next != array.get(i)) {
        changed = changed == null ? new ArrayList<>(array.items()) : changed;
        changed.set(i, next);
      }
    }
    return changed == null ? array : new JsonArray(changed);
  }
}
