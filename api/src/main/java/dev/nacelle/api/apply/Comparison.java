package dev.nacelle.api.apply;

import dev.nacelle.api.schema.Schema;
import dev.nacelle.api.schema.Schema.ListType;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonNull;
import dev.nacelle.base.json.JsonObject;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The paths in which two objects differ, as {@code TypedValue.Compare} finds them. */
record Comparison(FieldSet removed, FieldSet modified, FieldSet added) {

  static Comparison of(JsonObject before, JsonObject after, Optional<Schema> schema) {
    var walk = new Walk(new FieldSet.Builder(), new FieldSet.Builder(), new FieldSet.Builder());
    walk.members(before, after, schema);
    return new Comparison(walk.removed.build(), walk.modified.build(), walk.added.build());
  }

  Comparison without(FieldSet ignored) {
    return new Comparison(
        removed.recursiveDifference(ignored),
        modified.recursiveDifference(ignored),
        added.recursiveDifference(ignored));
  }

  /** One place in the three sets. An absent value is null. */
  private record Walk(FieldSet.Builder removed, FieldSet.Builder modified, FieldSet.Builder added) {

    Walk at(PathElement element) {
      return new Walk(removed.at(element), modified.at(element), added.at(element));
    }

    void value(@Nullable Json before, @Nullable Json after, Optional<Schema> schema) {
      Json shown = after == null || after instanceof JsonNull ? before : after;
      boolean leaf =
          switch (shown) {
            case JsonObject o -> !descendMap(before, after, schema);
            case JsonArray a -> !descendList(before, after, schema);
            case null, default -> true;
          };
      if (before == null) {
        added.insert();
      } else if (after == null) {
        removed.insert();
      } else if (leaf && !before.equals(after)) {
        modified.insert();
      }
    }

    /** Goes below a map; says no where it is a leaf. */
    private boolean descendMap(
        @Nullable Json before, @Nullable Json after, Optional<Schema> schema) {
      if (!isMapOrNothing(before)
          || !isMapOrNothing(after)
          || Shapes.isAtomicMap(schema)
          || (map(before).isEmpty() && map(after).isEmpty())) {
        return false;
      }
      members(map(before), map(after), schema);
      return true;
    }

    private static boolean isMapOrNothing(@Nullable Json value) {
      return value == null || value instanceof JsonNull || value instanceof JsonObject;
    }

    private static boolean isListOrNothing(@Nullable Json value) {
      return value == null || value instanceof JsonNull || value instanceof JsonArray;
    }

    private static JsonObject map(@Nullable Json value) {
      return value instanceof JsonObject o ? o : JsonObject.EMPTY;
    }

    private static JsonArray list(@Nullable Json value) {
      return value instanceof JsonArray a ? a : JsonArray.EMPTY;
    }

    void members(JsonObject before, JsonObject after, Optional<Schema> schema) {
      Set<String> names = new LinkedHashSet<>(before.members().keySet());
      names.addAll(after.members().keySet());
      for (String name : names) {
        Json old = before.members().get(name);
        Json next = after.members().get(name);
        if (old == null || !old.equals(next)) {
          at(new PathElement.Field(name)).value(old, next, Shapes.member(schema, name));
        }
      }
    }

    private boolean descendList(
        @Nullable Json before, @Nullable Json after, Optional<Schema> schema) {
      if (!isListOrNothing(before)
          || !isListOrNothing(after)
          || Shapes.listType(schema) == ListType.ATOMIC
          || (list(before).isEmpty() && list(after).isEmpty())) {
        return false;
      }
      Map<PathElement, List<Json>> old = byElement(list(before), schema);
      Map<PathElement, List<Json>> next = byElement(list(after), schema);
      Set<PathElement> elements = new LinkedHashSet<>(old.keySet());
      elements.addAll(next.keySet());
      for (PathElement element : elements) {
        item(
            at(element),
            old.getOrDefault(element, List.of()),
            next.getOrDefault(element, List.of()),
            Shapes.items(schema));
      }
      return true;
    }

    /** Items that share one name are compared as a whole. */
    private static void item(Walk at, List<Json> old, List<Json> next, Optional<Schema> schema) {
      if (old.size() > 1 || next.size() > 1) {
        if (old.isEmpty()) {
          at.added.insert();
        } else if (next.isEmpty()) {
          at.removed.insert();
        } else if (!old.equals(next)) {
          at.modified.insert();
        }
        return;
      }
      at.value(
          old.isEmpty() ? null : old.getFirst(), next.isEmpty() ? null : next.getFirst(), schema);
    }

    private static Map<PathElement, List<Json>> byElement(JsonArray list, Optional<Schema> schema) {
      var result = new LinkedHashMap<PathElement, List<Json>>();
      for (int i = 0; i < list.size(); i++) {
        result
            .computeIfAbsent(Shapes.element(schema, list.get(i), i), e -> new ArrayList<>())
            .add(list.get(i));
      }
      return result;
    }
  }
}
