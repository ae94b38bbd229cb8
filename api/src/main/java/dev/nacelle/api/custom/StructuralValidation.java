package dev.nacelle.api.custom;

import dev.nacelle.api.schema.GoRegex;
import dev.nacelle.api.schema.Pruner;
import dev.nacelle.api.schema.Schema;
import dev.nacelle.api.schema.SchemaValidation;
import dev.nacelle.api.status.FieldError;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonBoolean;
import dev.nacelle.base.json.JsonNull;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonString;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.PatternSyntaxException;

/** The rules of structural schemas, with upstream's messages. For one thread, used once. */
final class StructuralValidation {
  private static final int MAX_ERRORS = 100;
  private static final Set<String> TYPES =
      Set.of("array", "boolean", "integer", "number", "object", "string");
  private static final List<String> UNSUPPORTED =
      List.of("$ref", "definitions", "dependencies", "id", "patternProperties", "additionalItems");
  private static final List<String> NOT_IN_LOGIC =
      List.of(
          "type",
          "title",
          "description",
          "default",
          "additionalProperties",
          "nullable",
          "x-kubernetes-preserve-unknown-fields",
          "x-kubernetes-embedded-resource",
          "x-kubernetes-int-or-string",
          "x-kubernetes-list-type",
          "x-kubernetes-list-map-keys",
          "x-kubernetes-map-type");

  private final List<FieldError> errors = new ArrayList<>();

  List<FieldError> checkRoot(JsonObject schema, String path) {
    String type = schema.string("type").orElse("");
    if (type.isEmpty()) {
      errors.add(FieldError.required(path + ".type", "must not be empty at the root"));
    } else if (!type.equals("object")) {
      errors.add(FieldError.invalid(path + ".type", Json.of(type), "must be object at the root"));
    } else {
      check(schema, path);
      checkMetadata(schema, path);
    }
    return errors.subList(0, Math.min(errors.size(), MAX_ERRORS));
  }

  private void checkMetadata(JsonObject schema, String path) {
    JsonObject metadata = schema.object("properties", "metadata");
    boolean more =
        metadata.object("properties").members().keySet().stream()
            .anyMatch(name -> !name.equals("name") && !name.equals("generateName"));
    if (more || metadata.has("required") || metadata.has("additionalProperties")) {
      errors.add(
          FieldError.forbidden(
              path + ".properties[metadata]",
              "must not specify anything other than name and generateName, but metadata is"
                  + " implicitly specified"));
    }
  }

  private void check(JsonObject schema, String path) {
    if (errors.size() >= MAX_ERRORS) {
      return;
    }
    checkType(schema, path);
    for (String keyword : UNSUPPORTED) {
      if (schema.has(keyword)) {
        errors.add(FieldError.forbidden(path + "." + keyword, keyword + " is not supported"));
      }
    }
    checkFlags(schema, path);
    checkListType(schema, path);
    checkPattern(schema, path);
    checkDefault(schema, path);
    schema
        .object("properties")
        .members()
        .forEach(
            (name, property) ->
                child(
                    property,
                    path + ".properties[" + name + "]",
                    "must not be empty for specified object fields"));
    schema
        .get("additionalProperties")
        .filter(JsonObject.class::isInstance)
        .ifPresent(
            values ->
                child(
                    values,
                    path + ".additionalProperties",
                    "must not be empty for specified object fields"));
    checkItems(schema, path);
    checkLogic(schema, schema, path);
  }

  private void child(Json schema, String path, String untyped) {
    if (!(schema instanceof JsonObject object)) {
      errors.add(FieldError.invalid(path, schema, "must be a schema object"));
      return;
    }
    boolean typed =
        object.string("type").filter(t -> !t.isEmpty()).isPresent()
            || flag(object, "x-kubernetes-int-or-string")
            || flag(object, "x-kubernetes-preserve-unknown-fields");
    if (!typed) {
      errors.add(FieldError.required(path + ".type", untyped));
    }
    check(object, path);
  }

  private void checkType(JsonObject schema, String path) {
    Optional<String> type = schema.string("type").filter(t -> !t.isEmpty());
    if (type.isPresent() && !TYPES.contains(type.get())) {
      var types = TYPES.stream().sorted().toList();
      errors.add(FieldError.notSupported(path + ".type", Json.of(type.get()), types));
    }
    if (type.isPresent() && flag(schema, "x-kubernetes-int-or-string")) {
      errors.add(
          FieldError.invalid(
              path + ".type",
              Json.of(type.get()),
              "must be empty if x-kubernetes-int-or-string is true"));
    }
    if (flag(schema, "x-kubernetes-embedded-resource")) {
      if (type.filter("object"::equals).isEmpty()) {
        errors.add(
            FieldError.invalid(
                path + ".type",
                Json.of(type.orElse("")),
                "must be object if x-kubernetes-embedded-resource is true"));
      }
      if (schema.object("properties").isEmpty()
          && !flag(schema, "x-kubernetes-preserve-unknown-fields")) {
        errors.add(
            FieldError.required(
                path + ".properties",
                "must not be empty if x-kubernetes-embedded-resource is true without"
                    + " x-kubernetes-preserve-unknown-fields"));
      }
    }
  }

  private void checkFlags(JsonObject schema, String path) {
    if (flag(schema, "uniqueItems")) {
      errors.add(
          FieldError.forbidden(
              path + ".uniqueItems",
              "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"));
    }
    Optional<Json> additional = schema.get("additionalProperties");
    if (additional.equals(Optional.of(JsonBoolean.FALSE))) {
      errors.add(
          FieldError.forbidden(
              path + ".additionalProperties", "additionalProperties cannot be set to false"));
    }
    if (additional.isPresent() && !schema.object("properties").isEmpty()) {
      errors.add(
          FieldError.forbidden(
              path + ".additionalProperties",
              "additionalProperties and properties are mutual exclusive"));
    }
    String preserve = "x-kubernetes-preserve-unknown-fields";
    if (schema.get(preserve).equals(Optional.of(JsonBoolean.FALSE))) {
      errors.add(
          FieldError.invalid(path + "." + preserve, Json.of(false), "must be true or undefined"));
    }
  }

  private void checkItems(JsonObject schema, String path) {
    Optional<Json> items = schema.get("items");
    if (items.isPresent() && items.get() instanceof JsonArray) {
      errors.add(
          FieldError.forbidden(path + ".items", "items must be a schema object and not an array"));
    } else if (items.isPresent()) {
      child(items.get(), path + ".items", "must not be empty for specified array items");
    } else if (schema.string("type").filter("array"::equals).isPresent()) {
      errors.add(FieldError.required(path + ".items", "must be specified"));
    }
  }

  private void checkListType(JsonObject schema, String path) {
    Optional<String> type = schema.string("x-kubernetes-list-type");
    List<String> keys = schema.array("x-kubernetes-list-map-keys").strings().toList();
    String typePath = path + ".x-kubernetes-list-type";
    String keysPath = path + ".x-kubernetes-list-map-keys";
    if (type.isPresent() && !Set.of("atomic", "set", "map").contains(type.get())) {
      errors.add(
          FieldError.notSupported(typePath, Json.of(type.get()), List.of("atomic", "set", "map")));
    }
    if (type.isPresent() && schema.string("type").filter("array"::equals).isEmpty()) {
      errors.add(
          FieldError.invalid(
              path + ".type",
              Json.of(schema.string("type").orElse("")),
              "must be array if x-kubernetes-list-type is specified"));
    }
    boolean isMap = type.filter("map"::equals).isPresent();
    if (!isMap) {
      if (!keys.isEmpty()) {
        errors.add(
            FieldError.required(
                typePath, "must be map if x-kubernetes-list-map-keys is non-empty"));
      }
      return;
    }
    if (keys.isEmpty()) {
      errors.add(
          FieldError.required(keysPath, "must not be empty if x-kubernetes-list-type is map"));
    }
    JsonObject items = schema.object("items");
    List<String> required = items.array("required").strings().toList();
    for (String key : keys) {
      if (!items.object("properties").has(key)) {
        errors.add(
            FieldError.invalid(
                keysPath,
                JsonArray.ofStrings(keys),
                "entries must all be names of item properties"));
      } else if (!required.contains(key) && items.find("properties", key, "default").isEmpty()) {
        errors.add(
            FieldError.required(
                path + ".items.properties[" + key + "].default",
                "this property is in x-kubernetes-list-map-keys, so it must have a default or be a"
                    + " required property"));
      }
    }
  }

  private void checkPattern(JsonObject schema, String path) {
    Optional<String> pattern = schema.string("pattern").filter(p -> !p.isEmpty());
    if (pattern.isEmpty()) {
      return;
    }
    try {
      GoRegex.compile(pattern.get());
    } catch (PatternSyntaxException e) {
      errors.add(
          FieldError.invalid(
              path + ".pattern",
              Json.of(pattern.get()),
              "must be a valid regular expression, but isn't: " + e.getDescription()));
    }
  }

  private void checkDefault(JsonObject source, String path) {
    Optional<Json> value = source.get("default").filter(v -> !(v instanceof JsonNull));
    if (value.isEmpty() || source.has("$ref")) {
      return;
    }
    Schema schema =
        Schema.parse(
            source,
            name -> {
              throw new IllegalStateException("structural schemas have no references: " + name);
            });
    String at = path + ".default";
    if (value.get() instanceof JsonObject o && !Pruner.prune(o, schema).equals(o)) {
      errors.add(FieldError.invalid(at, o, "must not have unknown fields"));
    }
    errors.addAll(SchemaValidation.validateValue(value.get(), schema, at));
  }

  /** Within the combining keywords nothing may be said of types, and no new field be named. */
  private void checkLogic(JsonObject structure, JsonObject schema, String path) {
    for (String keyword : List.of("allOf", "anyOf", "oneOf")) {
      List<JsonObject> parts = schema.array(keyword).objects().toList();
      for (int i = 0; i < parts.size(); i++) {
        boolean intOrString = flag(structure, "x-kubernetes-int-or-string");
        if (!(intOrString && keyword.matches("anyOf|allOf"))) {
          checkPart(structure, parts.get(i), path + "." + keyword + "[" + i + "]");
        }
      }
    }
    if (schema.get("not").orElse(JsonNull.NULL) instanceof JsonObject not) {
      checkPart(structure, not, path + ".not");
    }
  }

  private void checkPart(JsonObject structure, JsonObject part, String path) {
    for (String keyword : NOT_IN_LOGIC) {
      boolean empty =
          part.get(keyword)
              .map(v -> v.equals(JsonBoolean.FALSE) || v.equals(new JsonString("")))
              .orElse(true);
      if (!empty) {
        errors.add(FieldError.forbidden(path + "." + keyword, "must be empty to be structural"));
      }
    }
    part.object("properties")
        .members()
        .forEach(
            (name, property) -> {
              JsonObject below = structure.object("properties", name);
              boolean open = structure.has("additionalProperties");
              if (!structure.object("properties").has(name) && !open) {
                errors.add(
                    FieldError.required(
                        path + ".properties[" + name + "]",
                        "because it is defined in " + path + ".properties[" + name + "]"));
              } else if (property instanceof JsonObject o) {
                checkPart(below, o, path + ".properties[" + name + "]");
              }
            });
    checkLogic(structure, part, path);
  }

  private static boolean flag(JsonObject schema, String keyword) {
    return schema.get(keyword).equals(Optional.of(JsonBoolean.TRUE));
  }
}
