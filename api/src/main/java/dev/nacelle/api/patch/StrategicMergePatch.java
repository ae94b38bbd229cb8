package dev.nacelle.api.patch;

import dev.nacelle.api.schema.Schema;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonNull;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonString;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Strategic merge patch: merge patch in which lists merge by the keys that the schema names. Pure.
 */
public final class StrategicMergePatch {
  static final String DIRECTIVE = "$patch";
  private static final String RETAIN_KEYS = "$retainKeys";
  private static final String DELETE_FROM = "$deleteFromPrimitiveList/";
  private static final String ELEMENT_ORDER = "$setElementOrder/";

  private StrategicMergePatch() {}

  /**
   * @param schema of the target, with patch strategies and merge keys
   * @throws dev.nacelle.api.status.ApiException with code 400 if the patch is malformed, 422 if it
   *     does not fit the target
   */
  public static JsonObject apply(JsonObject target, Json patch, Schema schema) {
    if (!(patch instanceof JsonObject object)) {
      throw Refusals.malformed("invalid JSON document: a strategic merge patch must be an object");
    }
    return merge(target, object, Optional.of(schema));
  }

  static JsonObject merge(JsonObject original, JsonObject patch, Optional<Schema> schema) {
    Optional<Json> directive = patch.get(DIRECTIVE);
    if (directive.isPresent()) {
      JsonObject rest = patch.without(DIRECTIVE);
      return switch (directive.get() instanceof JsonString s ? s.value() : "") {
        case "replace" -> rest;
        case "delete" -> JsonObject.EMPTY;
        case "merge" -> merge(original, rest, schema);
        default -> throw unknownDirective(directive.get(), patch);
      };
    }
    var rest = new LinkedHashMap<>(patch.members());
    JsonObject kept = retainKeys(original, rest);
    var result = new LinkedHashMap<>(kept.members());
    mergeOrderedLists(result, rest, schema);
    rest.forEach((name, value) -> mergeMember(result, name, value, schema));
    return JsonObject.of(result);
  }

  static RuntimeException unknownDirective(Json directive, JsonObject patch) {
    String text = directive instanceof JsonString s ? s.value() : directive.toString();
    return Refusals.notApplicable("unknown patch type: " + text + " in map: " + patch);
  }

  private static void mergeMember(
      Map<String, Json> result, String name, Json value, Optional<Schema> schema) {
    if (name.startsWith(DELETE_FROM)) {
      deleteFrom(result, listName(name, DELETE_FROM), value);
      return;
    }
    if (value instanceof JsonNull) {
      result.remove(name);
      return;
    }
    Optional<Schema> member = schema.flatMap(s -> s.member(name));
    Json present = result.get(name);
    Json merged =
        switch (value) {
          case JsonObject p when present instanceof JsonObject o ->
              hasStrategy(member, "replace") ? p : merge(o, p, member);
          case JsonArray p when present instanceof JsonArray o ->
              hasStrategy(member, "merge") ? KeyedLists.merge(o, p, member.orElseThrow()) : p;
          case Json p -> withoutDirectives(p);
        };
    result.put(name, merged);
  }

  static boolean hasStrategy(Optional<Schema> schema, String strategy) {
    return schema
        .flatMap(Schema::patchStrategy)
        .filter(s -> Set.of(s.split(",")).contains(strategy))
        .isPresent();
  }

  private static void deleteFrom(Map<String, Json> result, String name, Json value) {
    if (!(value instanceof JsonArray unwanted)) {
      throw Refusals.malformed("invalid patch format of primitive list");
    }
    if (result.get(name) instanceof JsonArray present) {
      var set = new HashSet<>(unwanted.items());
      result.put(
          name,
          new JsonArray(present.items().stream().filter(item -> !set.contains(item)).toList()));
    }
  }

  private static String listName(String directive, String prefix) {
    String name = directive.substring(prefix.length());
    if (name.isEmpty()) {
      throw Refusals.malformed("strategic merge patch format is not supported: " + directive);
    }
    return name;
  }

  /** Drops the fields of the original that the patch does not want to retain. */
  private static JsonObject retainKeys(JsonObject original, Map<String, Json> patch) {
    Json directive = patch.remove(RETAIN_KEYS);
    if (directive == null) {
      return original;
    }
    if (!(directive instanceof JsonArray names)) {
      throw Refusals.malformed("invalid patch format of retainKeys");
    }
    Set<String> retained = new HashSet<>(names.strings().toList());
    patch.forEach(
        (name, value) -> {
          boolean isData =
              !(value instanceof JsonNull)
                  && !name.startsWith(DELETE_FROM)
                  && !name.startsWith(ELEMENT_ORDER);
          if (isData && !retained.contains(name)) {
            throw Refusals.malformed("invalid patch format of retainKeys");
          }
        });
    var kept = new LinkedHashMap<>(original.members());
    kept.keySet().retainAll(retained);
    return JsonObject.of(kept);
  }

  /** Handles {@code $setElementOrder} and the lists that it orders; both leave the patch. */
  private static void mergeOrderedLists(
      Map<String, Json> result, Map<String, Json> patch, Optional<Schema> schema) {
    for (String directive :
        patch.keySet().stream().filter(k -> k.startsWith(ELEMENT_ORDER)).toList()) {
      if (!(patch.remove(directive) instanceof JsonArray order)) {
        throw Refusals.malformed("invalid patch format of setElementOrder list");
      }
      String name = listName(directive, ELEMENT_ORDER);
      Json original = result.get(name);
      Json change = patch.get(name);
      if (change instanceof JsonNull || (original == null && change == null)) {
        continue;
      }
      if ((original != null && !(original instanceof JsonArray))
          || (change != null && !(change instanceof JsonArray))) {
        throw Refusals.malformed("invalid patch format of setElementOrder list");
      }
      patch.remove(name);
      result.put(
          name,
          KeyedLists.mergeInOrder(
              (JsonArray) original,
              (JsonArray) change,
              order,
              schema.flatMap(s -> s.member(name))));
    }
  }

  /** What a patch value says where there is nothing to merge it with. */
  static Json withoutDirectives(Json value) {
    return switch (value) {
      case JsonObject o -> {
        if (o.string(DIRECTIVE).filter("delete"::equals).isPresent()) {
          yield JsonObject.EMPTY;
        }
        var builder = JsonObject.builder();
        o.members()
            .forEach(
                (name, member) -> {
                  if (!isDirective(name) && !(member instanceof JsonNull)) {
                    builder.put(name, withoutDirectives(member));
                  }
                });
        yield builder.build();
      }
      case JsonArray a ->
          new JsonArray(
              a.items().stream()
                  .filter(item -> !(item instanceof JsonObject o && o.has(DIRECTIVE)))
                  .map(StrategicMergePatch::withoutDirectives)
                  .toList());
      case Json scalar -> scalar;
    };
  }

  private static boolean isDirective(String name) {
    return name.equals(DIRECTIVE)
        || name.equals(RETAIN_KEYS)
        || name.startsWith(DELETE_FROM)
        || name.startsWith(ELEMENT_ORDER);
  }
}
