package dev.nacelle.base.json;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Stream;

/** An immutable JSON array. */
public record JsonArray(List<Json> items) implements Json, Iterable<Json> {
  public static final JsonArray EMPTY = new JsonArray(List.of());

  public JsonArray {
    items = List.copyOf(items);
  }

  public static JsonArray of(Json... items) {
    return new JsonArray(List.of(items));
  }

  public static JsonArray ofStrings(Iterable<String> values) {
    var items = new ArrayList<Json>();
    values.forEach(v -> items.add(new JsonString(v)));
    return new JsonArray(items);
  }

  public int size() {
    return items.size();
  }

  public boolean isEmpty() {
    return items.isEmpty();
  }

  public Json get(int index) {
    return items.get(index);
  }

  /** This array with {@code item} at its end. */
  public JsonArray plus(Json item) {
    var copy = new ArrayList<>(items);
    copy.add(item);
    return new JsonArray(copy);
  }

  /** The items that are objects; others are passed over. */
  public Stream<JsonObject> objects() {
    return items.stream().filter(JsonObject.class::isInstance).map(JsonObject.class::cast);
  }

  /** The items that are strings; others are passed over. */
  public Stream<String> strings() {
    return items.stream().filter(JsonString.class::isInstance).map(s -> ((JsonString) s).value());
  }

  @Override
  public Iterator<Json> iterator() {
    return items.iterator();
  }
}
