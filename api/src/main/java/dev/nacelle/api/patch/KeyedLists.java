package dev.nacelle.api.patch;

import dev.nacelle.api.schema.Schema;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonString;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Lists with patch strategy {@code merge}: of scalars as sets, of objects by the merge key. The
 * order follows the patch where it says one, else the original.
 */
final class KeyedLists {
  private KeyedLists() {}

  static JsonArray merge(JsonArray original, JsonArray patch, Schema schema) {
    if (original.isEmpty() && patch.isEmpty()) {
      return original;
    }
    if (!ofObjects(original, patch)) {
      var both = new LinkedHashSet<>(original.items());
      both.addAll(patch.items());
      return ordered(List.copyOf(both), patch.items(), original.items(), Optional.empty());
    }
    Optional<String> key = schema.patchMergeKey();
    if (key.isEmpty()) {
      throw Refusals.notApplicable(
          "cannot merge lists without merge key for "
              + schema.items().flatMap(Schema::referenceName).orElse("this list"));
    }
    var remaining = new ArrayList<>(original.items());
    var changes = new ArrayList<JsonObject>();
    boolean replaces = sortOut(patch, key.get(), remaining, changes);
    if (replaces) {
      return new JsonArray(List.copyOf(changes));
    }
    List<Json> before = List.copyOf(remaining);
    mergeItems(remaining, changes, key.get(), schema.items());
    return ordered(remaining, List.copyOf(changes), before, key);
  }

  /**
   * As {@link #merge}, then in the order that a {@code $setElementOrder} names. An absent list is
   * null.
   */
  static JsonArray mergeInOrder(
      @Nullable JsonArray original,
      @Nullable JsonArray patch,
      JsonArray order,
      Optional<Schema> schema) {
    Optional<String> key = schema.flatMap(Schema::patchMergeKey);
    JsonArray change = patch == null ? JsonArray.EMPTY : patch;
    checkOrder(change, order, key);
    JsonArray merged;
    if (original == null) {
      merged = (JsonArray) StrategicMergePatch.withoutDirectives(change);
    } else if (patch == null) {
      merged = original;
    } else {
      merged =
          StrategicMergePatch.hasStrategy(schema, "merge")
              ? merge(original, patch, schema.orElseThrow())
              : patch;
    }
    List<Json> before = original == null ? List.of() : original.items();
    return ordered(merged.items(), order.items(), before, key);
  }

  private static boolean ofObjects(JsonArray original, JsonArray patch) {
    boolean objects = false;
    boolean scalars = false;
    for (JsonArray list : List.of(original, patch)) {
      for (Json item : list) {
        if (item instanceof JsonArray) {
          throw Refusals.notApplicable("lists of lists are not supported");
        }
        objects |= item instanceof JsonObject;
        scalars |= !(item instanceof JsonObject);
      }
    }
    if (objects && scalars) {
      throw Refusals.notApplicable("list element types are not identical");
    }
    return objects;
  }

  /** Splits the directives from the changes; says whether the list is replaced as a whole. */
  private static boolean sortOut(
      JsonArray patch, String key, List<Json> remaining, List<JsonObject> changes) {
    boolean replaces = false;
    for (JsonObject item : patch.objects().toList()) {
      Optional<Json> directive = item.get(StrategicMergePatch.DIRECTIVE);
      if (directive.isEmpty()) {
        changes.add(item);
        continue;
      }
      switch (directive.get() instanceof JsonString s ? s.value() : "") {
        case "delete" -> {
          Json unwanted = keyOf(item, key);
          remaining.removeIf(
              i -> i instanceof JsonObject o && o.get(key).filter(unwanted::equals).isPresent());
        }
        case "replace" -> replaces = true;
        case "merge" ->
            throw Refusals.notApplicable("merging lists cannot yet be specified in the patch");
        default -> throw StrategicMergePatch.unknownDirective(directive.get(), item);
      }
    }
    return replaces;
  }

  private static void mergeItems(
      List<Json> items, List<JsonObject> changes, String key, Optional<Schema> schema) {
    Map<Json, Integer> positions = positions(items, Optional.of(key));
    for (JsonObject change : changes) {
      Json value = keyOf(change, key);
      Integer at = positions.get(value);
      if (at == null) {
        positions.put(value, items.size());
        items.add(StrategicMergePatch.withoutDirectives(change));
      } else {
        items.set(at, StrategicMergePatch.merge((JsonObject) items.get(at), change, schema));
      }
    }
  }

  private static Json keyOf(JsonObject item, String key) {
    return item.get(key)
        .orElseThrow(
            () ->
                Refusals.notApplicable(
                    "map: " + item + " does not contain declared merge key: " + key));
  }

  /** What tells an item from others: its merge key, or all of it. */
  private static Json identity(Json item, Optional<String> key) {
    return key.isPresent() && item instanceof JsonObject o ? keyOf(o, key.get()) : item;
  }

  /** The first position of each identity; items without one are passed over. */
  private static Map<Json, Integer> positions(List<Json> items, Optional<String> key) {
    var positions = new HashMap<Json, Integer>();
    for (int i = 0; i < items.size(); i++) {
      Json item = items.get(i);
      if (key.isEmpty()) {
        positions.putIfAbsent(item, i);
      } else if (item instanceof JsonObject o && o.has(key.get())) {
        positions.putIfAbsent(keyOf(o, key.get()), i);
      }
    }
    return positions;
  }

  /** The items of a patch must come in the order that it sets. */
  private static void checkOrder(JsonArray patch, JsonArray order, Optional<String> key) {
    var wanted = order.items().iterator();
    for (Json item : patch) {
      if (item instanceof JsonObject o && o.has(StrategicMergePatch.DIRECTIVE)) {
        continue;
      }
      Json identity = identity(item, key);
      boolean found = false;
      while (!found && wanted.hasNext()) {
        found = identity.equals(identity(wanted.next(), key));
      }
      if (!found) {
        throw Refusals.notApplicable(
            "The order in patch list: "
                + patch.items()
                + " doesn't match $setElementOrder list: "
                + order.items());
      }
    }
  }

  /**
   * Items that the patch names in its order, the others put between them as they were.
   *
   * @param before the list before the patch
   */
  private static JsonArray ordered(
      List<Json> merged, List<Json> patchOrder, List<Json> before, Optional<String> key) {
    Map<Json, Integer> inPatch = positions(patchOrder, key);
    Map<Json, Integer> inOriginal = positions(before, key);
    var named = new ArrayList<Json>();
    var others = new ArrayList<Json>();
    for (Json item : merged) {
      (inPatch.containsKey(identity(item, key)) ? named : others).add(item);
    }
    named.sort(Comparator.comparing(i -> place(inPatch, identity(i, key))));
    others.sort(Comparator.comparing(i -> place(inOriginal, identity(i, key))));
    var result = new ArrayList<Json>(merged.size());
    int n = 0;
    for (Json other : others) {
      Integer at = inOriginal.get(identity(other, key));
      while (n < named.size()) {
        Integer next = inOriginal.get(identity(named.get(n), key));
        if (at != null && next != null && at < next) {
          break;
        }
        result.add(named.get(n++));
      }
      result.add(other);
    }
    result.addAll(named.subList(n, named.size()));
    return new JsonArray(result);
  }

  private static int place(Map<Json, Integer> positions, Json identity) {
    return positions.getOrDefault(identity, Integer.MAX_VALUE);
  }
}
