package dev.nacelle.api.schema;

import dev.nacelle.api.status.FieldError;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonBoolean;
import dev.nacelle.base.json.JsonNull;
import dev.nacelle.base.json.JsonNumber;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonString;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** One pass over an object; collects what is wrong. For one thread. */
final class ValidationRun {
  private static final int MAX_ERRORS = 100;

  private final List<FieldError> errors = new ArrayList<>();

  List<FieldError> errors() {
    return List.copyOf(errors);
  }

  /** Checks a value; one that is as it was before is not looked at. */
  void check(Json value, Optional<? extends Json> old, Schema schema, String path) {
    if (errors.size() >= MAX_ERRORS || (old.isPresent() && old.get().equals(value))) {
      return;
    }
    if (value instanceof JsonNull && schema.isNullable()) {
      return;
    }
    if (checkType(value, schema, path)) {
      switch (value) {
        case JsonObject o -> checkObject(o, old, schema, path);
        case JsonArray a -> checkArray(a, old, schema, path);
        case JsonString s -> ScalarRules.checkString(s.value(), schema, path, errors);
        case JsonNumber n -> ScalarRules.checkNumber(n, schema, path, errors);
        case JsonBoolean b -> {}
        case JsonNull n -> {}
      }
      checkEnumeration(value, schema, path);
    }
    checkCombinations(value, schema, path);
  }

  private boolean checkType(Json value, Schema schema, String path) {
    if (schema.isIntOrString()
        && (value instanceof JsonString || value instanceof JsonNumber.Integer)) {
      return true;
    }
    Optional<String> type = schema.isIntOrString() ? Optional.of("integer,string") : schema.type();
    String found = value.typeName();
    if (type.isEmpty()
        ? !(value instanceof JsonNull) || schema.isOpen()
        : fits(value, type.get())) {
      return true;
    }
    String wanted = type.orElse("any");
    errors.add(
        new FieldError(
            FieldError.Type.TYPE_INVALID,
            shown(path),
            Optional.of(Json.of(found)),
            "%s in body must be of type %s: \"%s\"".formatted(path, wanted, found)));
    return false;
  }

  private static boolean fits(Json value, String type) {
    return switch (type) {
      case "object" -> value instanceof JsonObject;
      case "array" -> value instanceof JsonArray;
      case "string" -> value instanceof JsonString;
      case "boolean" -> value instanceof JsonBoolean;
      case "number" -> value instanceof JsonNumber;
      case "integer" ->
          value instanceof JsonNumber n && n.doubleValue() == Math.rint(n.doubleValue());
      default -> false;
    };
  }

  private void checkObject(
      JsonObject object, Optional<? extends Json> old, Schema schema, String path) {
    atLeast("minProperties", object.size(), schema, path, "should have at least %d properties");
    atMost("maxProperties", object.size(), schema, path);
    for (String name : schema.required()) {
      if (!object.has(name)) {
        errors.add(FieldError.required(join(path, name), ""));
      }
    }
    boolean closed = schema.keyword("additionalProperties").equals(Optional.of(JsonBoolean.FALSE));
    object
        .members()
        .forEach(
            (name, value) -> {
              Optional<Json> before =
                  old.filter(JsonObject.class::isInstance).flatMap(o -> ((JsonObject) o).get(name));
              Optional<Schema> known = schema.member(name);
              if (known.isPresent()) {
                check(value, before, known.get(), join(path, name));
              } else if (closed) {
                errors.add(
                    FieldError.invalid(
                        join(path, name),
                        Json.of(""),
                        join(path, name) + " in body is a forbidden property"));
              }
            });
  }

  private void checkArray(
      JsonArray array, Optional<? extends Json> old, Schema schema, String path) {
    atLeast("minItems", array.size(), schema, path, "should have at least %d items");
    atMost("maxItems", array.size(), schema, path);
    if (schema.keyword("uniqueItems").equals(Optional.of(JsonBoolean.TRUE))
        && new HashSet<>(array.items()).size() < array.size()) {
      errors.add(
          FieldError.invalid(shown(path), array, path + " in body shouldn't contain duplicates"));
    }
    checkListType(array, schema, path);
    if (schema.items().isEmpty()) {
      return;
    }
    Map<JsonObject, Json> before = byKey(old, schema);
    for (int i = 0; i < array.size(); i++) {
      Optional<Json> same =
          array.get(i) instanceof JsonObject o
              ? Optional.ofNullable(before.get(key(o, schema)))
              : Optional.empty();
      check(array.get(i), same, schema.items().get(), path + "[" + i + "]");
    }
  }

  private void checkListType(JsonArray array, Schema schema, String path) {
    if (schema.listType() == Schema.ListType.ATOMIC) {
      return;
    }
    var seen = new HashSet<Json>();
    for (int i = 0; i < array.size(); i++) {
      Json identity = array.get(i);
      if (schema.listType() == Schema.ListType.MAP) {
        identity = identity instanceof JsonObject o ? key(o, schema) : identity;
      }
      if (!seen.add(identity)) {
        errors.add(FieldError.duplicate(path + "[" + i + "]", identity));
      }
    }
  }

  private static Map<JsonObject, Json> byKey(Optional<? extends Json> old, Schema schema) {
    var result = new HashMap<JsonObject, Json>();
    if (schema.listType() == Schema.ListType.MAP
        && old.isPresent()
        && old.get() instanceof JsonArray before) {
      before.objects().forEach(o -> result.putIfAbsent(key(o, schema), o));
    }
    return result;
  }

  /** The members that tell an item of a map list from others, defaults filled in. */
  private static JsonObject key(JsonObject item, Schema schema) {
    var key = JsonObject.builder();
    for (String name : schema.listMapKeys()) {
      Optional<Json> value =
          item.get(name)
              .or(
                  () ->
                      schema.items().flatMap(s -> s.property(name)).flatMap(Schema::defaultValue));
      key.putIf(name, value);
    }
    return key.build();
  }

  private void checkEnumeration(Json value, Schema schema, String path) {
    JsonArray allowed = schema.enumeration();
    if (!allowed.isEmpty() && !allowed.items().contains(value)) {
      errors.add(
          FieldError.notSupported(
              shown(path),
              value,
              allowed.items().stream()
                  .map(v -> v instanceof JsonString s ? s.value() : ScalarRules.text(v))
                  .toList()));
    }
  }

  private void checkCombinations(Json value, Schema schema, String path) {
    for (Schema each : schema.combined(Schema.Combination.ALL_OF)) {
      checkAlternative(value, each, path).forEach(errors::add);
    }
    List<Schema> any = schema.combined(Schema.Combination.ANY_OF);
    if (!any.isEmpty() && best(value, any, path).stream().noneMatch(List::isEmpty)) {
      combination(path, "must validate at least one schema (anyOf)");
      addClosest(best(value, any, path));
    }
    List<Schema> one = schema.combined(Schema.Combination.ONE_OF);
    if (!one.isEmpty()) {
      List<List<FieldError>> results = best(value, one, path);
      long valid = results.stream().filter(List::isEmpty).count();
      if (valid == 0) {
        combination(path, "must validate one and only one schema (oneOf). Found none valid");
        addClosest(results);
      } else if (valid > 1) {
        combination(
            path,
            "must validate one and only one schema (oneOf). Found "
                + valid
                + " valid alternatives");
      }
    }
    for (Schema not : schema.combined(Schema.Combination.NOT)) {
      if (checkAlternative(value, not, path).isEmpty()) {
        combination(path, "must not validate the schema (not)");
      }
    }
  }

  private static List<List<FieldError>> best(Json value, List<Schema> schemas, String path) {
    return schemas.stream().map(s -> checkAlternative(value, s, path)).toList();
  }

  private static List<FieldError> checkAlternative(Json value, Schema schema, String path) {
    var run = new ValidationRun();
    run.check(value, Optional.empty(), schema, path);
    return run.errors;
  }

  private void addClosest(List<List<FieldError>> results) {
    results.stream().min(java.util.Comparator.comparingInt(List::size)).ifPresent(errors::addAll);
  }

  /** Upstream gives such errors no field. */
  private void combination(String path, String message) {
    errors.add(FieldError.invalid("<nil>", Json.of(""), "\"" + path + "\" " + message));
  }

  private void atLeast(String keyword, int size, Schema schema, String path, String words) {
    Optional<Long> least = ScalarRules.whole(schema, keyword);
    if (least.isPresent() && size < least.get()) {
      errors.add(
          FieldError.invalid(
              shown(path), Json.of(size), path + " in body " + words.formatted(least.get())));
    }
  }

  private void atMost(String keyword, int size, Schema schema, String path) {
    Optional<Long> most = ScalarRules.whole(schema, keyword);
    if (most.isPresent() && size > most.get()) {
      errors.add(FieldError.tooMany(shown(path), size, most.get().intValue()));
    }
  }

  private static String shown(String path) {
    return path.isEmpty() ? "<nil>" : path;
  }

  private static String join(String path, String name) {
    return path.isEmpty() ? name : path + "." + name;
  }
}
