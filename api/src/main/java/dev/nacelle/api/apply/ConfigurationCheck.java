package dev.nacelle.api.apply;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.schema.Schema;
import dev.nacelle.api.schema.Schema.ListType;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonBoolean;
import dev.nacelle.base.json.JsonNull;
import dev.nacelle.base.json.JsonNumber;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonString;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;

/** Whether a configuration fits the schema, with structured-merge-diff's messages. */
final class ConfigurationCheck {
  private static final int MAX_ERRORS = 50;

  private final List<String> errors = new ArrayList<>();

  private ConfigurationCheck() {}

  /**
   * @throws ApiException with code 400
   */
  static void check(KubeObject configuration, Schema schema) {
    var check = new ConfigurationCheck();
    check.members(configuration.json(), schema, "");
    if (check.errors.isEmpty()) {
      return;
    }
    String what =
        check.errors.size() == 1
            ? check.errors.getFirst()
            : "errors:\n  " + String.join("\n  ", check.errors);
    String where = configuration.namespace() + "/" + configuration.name();
    throw ApiException.badRequest(
        "failed to create typed patch object (%s; %s, Kind=%s): %s"
            .formatted(where, configuration.apiVersion(), configuration.kind(), what));
  }

  private void members(JsonObject object, Schema schema, String path) {
    for (var member : object.members().entrySet()) {
      String at = path + "." + member.getKey();
      Optional<Schema> known = schema.member(member.getKey());
      if (known.isPresent()) {
        value(member.getValue(), known.get(), at);
      } else if (!schema.isOpen() && !Shapes.isAtomicMap(Optional.of(schema))) {
        error(at, "field not declared in schema");
      }
    }
  }

  private void value(Json value, Schema schema, String path) {
    if (value instanceof JsonNull || schema.isIntOrString() || schema.isOpen()) {
      if (value instanceof JsonObject o) {
        members(o, schema, path);
      }
      return;
    }
    Optional<String> wanted = expected(value, schema);
    if (wanted.isPresent()) {
      error(path, "expected " + wanted.get() + ", got " + value.typeName());
      return;
    }
    switch (value) {
      case JsonObject o -> members(o, schema, path);
      case JsonArray a -> items(a, schema, path);
      case Json scalar -> {}
    }
  }

  /** What should stand instead of a value; empty where it may stand. */
  private static Optional<String> expected(Json value, Schema schema) {
    return switch (schema.type().orElse("")) {
      case "object" -> value instanceof JsonObject ? Optional.empty() : Optional.of("map");
      case "array" -> value instanceof JsonArray ? Optional.empty() : Optional.of("list");
      case "integer", "number" ->
          value instanceof JsonNumber ? Optional.empty() : Optional.of("numeric (int or float)");
      case "boolean" -> value instanceof JsonBoolean ? Optional.empty() : Optional.of("boolean");
      case "string" ->
          value instanceof JsonString || (value instanceof JsonNumber && isQuantity(schema))
              ? Optional.empty()
              : Optional.of("string");
      default -> Optional.empty();
    };
  }

  private static boolean isQuantity(Schema schema) {
    return schema.referenceName().filter(n -> n.endsWith("resource.Quantity")).isPresent();
  }

  private void items(JsonArray array, Schema schema, String path) {
    var seen = new HashSet<PathElement>();
    for (int i = 0; i < array.size(); i++) {
      String at = path + "[" + i + "]";
      if (schema.listType() != ListType.ATOMIC) {
        try {
          PathElement element = Shapes.keyedElement(Optional.of(schema), array.get(i));
          at = path + element;
          if (!seen.add(element)) {
            error(path, "duplicate entries for key " + element);
          }
        } catch (Shapes.KeylessItemException e) {
          error(path, "element " + i + ": " + e.getMessage());
        }
      }
      if (schema.items().isPresent()) {
        value(array.get(i), schema.items().get(), at);
      }
    }
  }

  private void error(String path, String message) {
    if (errors.size() < MAX_ERRORS) {
      errors.add(path + ": " + message);
    }
  }
}
