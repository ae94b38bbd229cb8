package dev.nacelle.api.schema;

import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonBoolean;
import dev.nacelle.base.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Drops what a structural schema does not know. Pure. */
public final class Pruner {
  static final Set<String> TYPE_AND_METADATA = Set.of("apiVersion", "kind", "metadata");

  private Pruner() {}

  /**
   * The object without unknown fields; the same instance if there is none. {@code apiVersion},
   * {@code kind} and {@code metadata} of the root and of embedded resources always stay.
   */
  public static JsonObject prune(JsonObject object, Schema schema) {
    return pruneObject(object, schema, Place.RESOURCE, "", new ArrayList<>());
  }

  /** The paths of the unknown fields, in order. */
  static List<String> unknownPaths(JsonObject object, Schema schema) {
    var paths = new ArrayList<String>();
    pruneObject(object, schema, Place.RESOURCE, "", paths);
    return paths;
  }

  private enum Place {
    RESOURCE,
    INSIDE
  }

  private static Json prune(Json value, Schema schema, String path, List<String> dropped) {
    return switch (value) {
      case JsonObject o ->
          pruneObject(
              o,
              schema,
              schema.isEmbeddedResource() ? Place.RESOURCE : Place.INSIDE,
              path,
              dropped);
      case JsonArray a when schema.items().isPresent() ->
          pruneItems(a, schema.items().get(), path, dropped);
      case Json other -> other;
    };
  }

  private static JsonArray pruneItems(
      JsonArray array, Schema items, String path, List<String> dropped) {
    var result = new ArrayList<Json>(array.size());
    boolean changed = false;
    for (int i = 0; i < array.size(); i++) {
      Json pruned = prune(array.get(i), items, path + "[" + i + "]", dropped);
      changed |= pruned != array.get(i);
      result.add(pruned);
    }
    return changed ? new JsonArray(result) : array;
  }

  private static JsonObject pruneObject(
      JsonObject object, Schema schema, Place place, String path, List<String> dropped) {
    boolean open = schema.isOpen();
    boolean anyMember =
        schema.keyword("additionalProperties").equals(Optional.of(JsonBoolean.TRUE));
    var result = JsonObject.builder();
    boolean changed = false;
    for (var member : object.members().entrySet()) {
      String name = member.getKey();
      Json value = member.getValue();
      String at = path.isEmpty() ? name : path + "." + name;
      Optional<Schema> known = schema.member(name);
      if (known.isPresent()) {
        boolean bareMetadata =
            place == Place.RESOURCE
                && TYPE_AND_METADATA.contains(name)
                && known.get().properties().isEmpty();
        Json kept = bareMetadata ? value : prune(value, known.get(), at, dropped);
        changed |= kept != value;
        result.put(name, kept);
      } else if (open
          || anyMember
          || (place == Place.RESOURCE && TYPE_AND_METADATA.contains(name))) {
        result.put(name, value);
      } else {
        dropped.add(at);
        changed = true;
      }
    }
    return changed ? result.build() : object;
  }
}
