package dev.nacelle.api.apply;

import dev.nacelle.api.schema.Schema;
import dev.nacelle.api.schema.Schema.ListType;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonNull;
import dev.nacelle.base.json.JsonObject;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Puts a configuration over an object, as {@code TypedValue.Merge} does. */
final class Merging {
  private Merging() {}

  static JsonObject merge(JsonObject live, JsonObject configuration, Optional<Schema> schema) {
    var result = live.toBuilder();
    configuration
        .members()
        .forEach(
            (name, value) -> {
              Json below = live.members().get(name);
              result.put(
                  name, below == null ? value : merge(below, value, Shapes.member(schema, name)));
            });
    return result.build();
  }

  private static Json merge(Json live, Json configured, Optional<Schema> schema) {
    return switch (configured) {
      case JsonObject c when live instanceof JsonObject l && !Shapes.isAtomicMap(schema) ->
          c.isEmpty() && l.isEmpty() ? c : merge(l, c, schema);
      case JsonArray c
          when live instanceof JsonArray l && Shapes.listType(schema) != ListType.ATOMIC ->
          mergeLists(l, c, schema);
      case JsonNull n when keepsMembers(live, schema) -> live;
      case Json c -> c;
    };
  }

  /** A null states nothing of a granular map or list that is not empty. */
  private static boolean keepsMembers(Json live, Optional<Schema> schema) {
    return switch (live) {
      case JsonObject l -> !l.isEmpty() && schema.isPresent() && !Shapes.isAtomicMap(schema);
      case JsonArray l -> !l.isEmpty() && Shapes.listType(schema) != ListType.ATOMIC;
      case Json l -> false;
    };
  }

  /**
   * Items that both have come in the order of the configuration, others keep their place among
   * them.
   */
  private static JsonArray mergeLists(
      JsonArray live, JsonArray configured, Optional<Schema> schema) {
    List<PathElement> left = elements(live, schema);
    List<PathElement> right = elements(configured, schema);
    Map<PathElement, Json> inLeft = uniqueItems(left, live);
    Map<PathElement, Json> inRight = uniqueItems(right, configured);
    var leftNames = new HashSet<>(left);
    var shared = new ArrayDeque<PathElement>();
    right.stream().filter(leftNames::contains).forEach(shared::add);
    var merged = new HashSet<PathElement>();
    var out = new ArrayList<Json>();
    int l = 0;
    int r = 0;
    while (l < left.size() || r < right.size()) {
      if (l < left.size() && r < right.size()) {
        PathElement name = left.get(l);
        if (name.equals(right.get(r))) {
          merged.add(name);
          out.add(mergeItem(inLeft.get(name), inRight.get(name), configured.get(r), schema));
          shared.poll();
          l++;
          r++;
          continue;
        }
        if (inRight.containsKey(name) && !shared.isEmpty() && !shared.peek().equals(name)) {
          l++;
          continue;
        }
      }
      if (l < left.size()) {
        PathElement name = left.get(l);
        if (!inRight.containsKey(name)) {
          out.add(live.get(l++));
          continue;
        }
        if (merged.contains(name)) {
          l++;
        }
      }
      if (r < right.size()) {
        PathElement name = right.get(r);
        merged.add(name);
        out.add(mergeItem(inLeft.get(name), inRight.get(name), configured.get(r), schema));
        r++;
        if (name.equals(shared.peek())) {
          shared.poll();
        }
      }
    }
    return new JsonArray(out);
  }

  private static Json mergeItem(
      @Nullable Json live, @Nullable Json configured, Json asIs, Optional<Schema> list) {
    return live == null || configured == null ? asIs : merge(live, configured, Shapes.items(list));
  }

  private static List<PathElement> elements(JsonArray list, Optional<Schema> schema) {
    var result = new ArrayList<PathElement>(list.size());
    for (int i = 0; i < list.size(); i++) {
      result.add(Shapes.element(schema, list.get(i), i));
    }
    return result;
  }

  /** Items by name; one whose name appears twice is there without its value. */
  private static Map<PathElement, Json> uniqueItems(List<PathElement> names, JsonArray list) {
    var result = new HashMap<PathElement, Json>();
    var twice = new HashSet<PathElement>();
    for (int i = 0; i < names.size(); i++) {
      if (result.put(names.get(i), list.get(i)) != null) {
        twice.add(names.get(i));
      }
    }
    result.keySet().removeAll(twice);
    return result;
  }

  /** The object without nulls that its schema does not allow: they state "absent". */
  static JsonObject withoutNulls(JsonObject object, Optional<Schema> schema) {
    var result = JsonObject.builder();
    boolean changed = false;
    for (var member : object.members().entrySet()) {
      Optional<Schema> known = Shapes.member(schema, member.getKey());
      if (member.getValue() instanceof JsonNull
          && known.isPresent()
          && !known.get().isNullable()
          && !known.get().isOpen()) {
        changed = true;
        continue;
      }
      Json kept = withoutNulls(member.getValue(), known);
      changed |= kept != member.getValue();
      result.put(member.getKey(), kept);
    }
    return changed ? result.build() : object;
  }

  private static Json withoutNulls(Json value, Optional<Schema> schema) {
    return switch (value) {
      case JsonObject o -> withoutNulls(o, schema);
      case JsonArray a -> {
        var items = a.items().stream().map(i -> withoutNulls(i, Shapes.items(schema))).toList();
        yield items.equals(a.items()) ? a : new JsonArray(items);
      }
      case Json other -> other;
    };
  }
}
