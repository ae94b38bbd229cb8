package dev.nacelle.api.patch;

import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonNull;
import dev.nacelle.base.json.JsonObject;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The document that a JSON patch works on. Containers are thawed to mutable maps and lists where an
 * operation reaches them; all else stays immutable and shared. For one thread.
 */
final class PatchDocument {
  private static final long MAX_COPIED_BYTES = 3L << 20;
  private static final long MAX_VISITS = 5_000_000;

  /** A {@link Json}, or a mutable map or list of such. */
  private Object root;

  private long copiedBytes;
  private long visits;

  PatchDocument(Json root) {
    this.root = root;
  }

  Json freeze() {
    return freeze(root);
  }

  void add(Pointer path, Json value) {
    if (path.isRoot()) {
      root = container(value, "add");
      return;
    }
    Object parent =
        parent(path)
            .orElseThrow(
                () ->
                    missing("add operation does not apply: doc is missing path: " + quoted(path)));
    insert(parent, path, value, "error in add for path: '" + path.text() + "': ");
  }

  void remove(Pointer path) {
    Object parent =
        parent(path)
            .orElseThrow(
                () ->
                    missing(
                        "remove operation does not apply: doc is missing path: " + quoted(path)));
    delete(parent, path.last(), "error in remove for path: '" + path.text() + "': ");
  }

  void replace(Pointer path, Json value) {
    if (path.isRoot()) {
      root = container(value, "replace");
      return;
    }
    Object parent =
        parent(path)
            .orElseThrow(
                () ->
                    missing(
                        "replace operation does not apply: doc is missing path: " + path.text()));
    checkDepth(path, value);
    if (parent instanceof MutableObject object) {
      if (!object.members.containsKey(path.last())) {
        throw missing("replace operation does not apply: doc is missing key: " + path.text());
      }
      object.members.put(path.last(), value);
    } else {
      List<Object> items = ((MutableArray) parent).items;
      Optional<Integer> index = presentIndex(items, path.last());
      if (index.isEmpty()) {
        throw missing("replace operation does not apply: doc is missing key: " + path.text());
      }
      items.set(index.get(), value);
    }
  }

  void move(Pointer from, Pointer path) {
    Object source =
        parent(from)
            .orElseThrow(
                () ->
                    missing(
                        "move operation does not apply: doc is missing from path: " + from.text()));
    String what = "error in move for path: '" + from.last() + "': ";
    Object value = child(source, from.last(), what);
    delete(source, from.last(), what);
    Object target =
        parent(path)
            .orElseThrow(
                () ->
                    missing(
                        "move operation does not apply: doc is missing destination path: "
                            + path.text()));
    insert(target, path, value, "error in move for path: '" + path.text() + "': ");
  }

  void copy(Pointer from, Pointer path) {
    Object source =
        parent(from)
            .orElseThrow(
                () ->
                    missing(
                        "copy operation does not apply: doc is missing from path: " + from.text()));
    Object value = child(source, from.last(), "error in copy for from: '" + from.text() + "': ");
    Object target =
        parent(path)
            .orElseThrow(
                () ->
                    missing(
                        "copy operation does not apply: doc is missing destination path: "
                            + path.text()));
    copiedBytes += size(value);
    if (copiedBytes > MAX_COPIED_BYTES) {
      throw Refusals.notApplicable(
          "Unable to complete the copy, the accumulated size increase of copy is "
              + copiedBytes
              + ", exceeding the limit "
              + MAX_COPIED_BYTES);
    }
    insert(target, path, freeze(value), "error while performing add during copy: ");
  }

  void test(Pointer path, Json expected) {
    Object actual = root;
    if (!path.isRoot()) {
      Object parent =
          parent(path)
              .orElseThrow(
                  () -> missing("test operation does not apply: is missing path: " + path.text()));
      if (parent instanceof MutableObject object
          && !object.members.containsKey(path.last())
          && expected == JsonNull.NULL) {
        return;
      }
      actual = child(parent, path.last(), "error in test for path: '" + path.text() + "': ");
    }
    if (!same(actual, expected)) {
      throw Refusals.notApplicable("testing value " + path.text() + " failed: test failed");
    }
  }

  /** The mutable container of the last step; empty where a step is absent or a scalar. */
  private Optional<Object> parent(Pointer path) {
    if (!path.rooted()) {
      return Optional.empty();
    }
    root = thaw(root);
    Object at = root;
    for (String step : path.parents()) {
      if (at instanceof MutableObject object) {
        Object next = object.members.get(step);
        if (next == null) {
          return Optional.empty();
        }
        Object thawed = thaw(next);
        object.members.put(step, thawed);
        at = thawed;
      } else if (at instanceof MutableArray array) {
        Optional<Integer> index = presentIndex(array.items, step);
        if (index.isEmpty()) {
          return Optional.empty();
        }
        Object thawed = thaw(array.items.get(index.get()));
        array.items.set(index.get(), thawed);
        at = thawed;
      } else {
        return Optional.empty();
      }
    }
    return at instanceof Json ? Optional.empty() : Optional.of(at);
  }

  private static Object child(Object parent, String key, String what) {
    if (parent instanceof MutableObject object) {
      Object value = object.members.get(key);
      if (value == null) {
        throw missing(what + "unable to get nonexistent key: " + key);
      }
      return value;
    }
    List<Object> items = ((MutableArray) parent).items;
    return items.get(index(items.size(), items.size(), key, what));
  }

  private void insert(Object parent, Pointer path, Object value, String what) {
    checkDepth(path, value);
    if (parent instanceof MutableObject object) {
      object.members.put(path.last(), value);
      return;
    }
    List<Object> items = ((MutableArray) parent).items;
    if (path.last().equals("-")) {
      items.add(value);
    } else {
      items.add(index(items.size(), items.size() + 1, path.last(), what), value);
    }
  }

  private static void delete(Object parent, String key, String what) {
    if (parent instanceof MutableObject object) {
      if (object.members.remove(key) == null) {
        throw missing(what + "Unable to remove nonexistent key: " + key);
      }
      return;
    }
    List<Object> items = ((MutableArray) parent).items;
    items.remove(index(items.size(), items.size(), key, what));
  }

  /** Negative indices count from the end, as upstream allows. */
  private static int index(int size, int bound, String key, String what) {
    int index;
    try {
      index = Integer.parseInt(key);
    } catch (NumberFormatException e) {
      throw Refusals.notApplicable(
          what
              + "value was not a proper array index: '"
              + key
              + "': strconv.Atoi: parsing \""
              + key
              + "\": invalid syntax");
    }
    if (index >= bound || index < -bound) {
      throw Refusals.notApplicable(
          what + "Unable to access invalid index: " + index + ": invalid index referenced");
    }
    return index < 0 ? index + bound : index;
  }

  private static Optional<Integer> presentIndex(List<Object> items, String key) {
    try {
      int index = Integer.parseInt(key);
      int at = index < 0 ? index + items.size() : index;
      return at >= 0 && at < items.size() ? Optional.of(at) : Optional.empty();
    } catch (NumberFormatException e) {
      return Optional.empty();
    }
  }

  private static Json container(Json value, String kind) {
    if (value instanceof JsonObject || value instanceof JsonArray) {
      return value;
    }
    throw Refusals.notApplicable(kind + " operation value must be object or array");
  }

  private void checkDepth(Pointer path, Object value) {
    if (path.depth() + depth(value) > Pointer.MAX_STEPS) {
      throw Refusals.tooLarge("a JSON patch would nest more than " + Pointer.MAX_STEPS + " levels");
    }
  }

  private int depth(Object value) {
    visit();
    int deepest = 0;
    for (Object child : children(value)) {
      deepest = Math.max(deepest, depth(child) + 1);
    }
    return deepest;
  }

  private long size(Object value) {
    visit();
    long sum =
        switch (value) {
          case dev.nacelle.base.json.JsonString s -> s.value().length() + 2L;
          case JsonObject o -> names(o.members());
          case MutableObject o -> names(o.members);
          default -> 4;
        };
    for (Object child : children(value)) {
      sum += size(child) + 1;
    }
    return sum;
  }

  private static long names(Map<String, ?> members) {
    return members.keySet().stream().mapToLong(name -> name.length() + 3L).sum() + 2;
  }

  private static Iterable<?> children(Object value) {
    return switch (value) {
      case JsonObject o -> o.members().values();
      case JsonArray a -> a.items();
      case MutableObject o -> o.members.values();
      case MutableArray a -> a.items;
      default -> List.of();
    };
  }

  private void visit() {
    if (++visits > MAX_VISITS) {
      throw Refusals.tooLarge("a JSON patch moves or copies too much");
    }
  }

  private static Object thaw(Object value) {
    return switch (value) {
      case JsonObject o -> new MutableObject(new LinkedHashMap<>(o.members()));
      case JsonArray a -> new MutableArray(new ArrayList<>(a.items()));
      default -> value;
    };
  }

  private static Json freeze(Object value) {
    return switch (value) {
      case MutableObject o -> {
        var builder = JsonObject.builder();
        o.members.forEach((name, member) -> builder.put(name, freeze(member)));
        yield builder.build();
      }
      case MutableArray a -> new JsonArray(a.items.stream().map(PatchDocument::freeze).toList());
      default -> (Json) value;
    };
  }

  /** Compares without freezing: the cost is bounded by the size of {@code expected}. */
  private static boolean same(Object actual, Json expected) {
    return switch (actual) {
      case MutableObject o ->
          expected instanceof JsonObject that
              && o.members.size() == that.size()
              && that.members().entrySet().stream()
                  .allMatch(
                      e ->
                          o.members.containsKey(e.getKey())
                              && same(o.members.get(e.getKey()), e.getValue()));
      case MutableArray a -> expected instanceof JsonArray that && sameItems(a.items, that);
      default -> actual.equals(expected);
    };
  }

  private static boolean sameItems(List<Object> items, JsonArray that) {
    if (items.size() != that.size()) {
      return false;
    }
    for (int i = 0; i < items.size(); i++) {
      if (!same(items.get(i), that.get(i))) {
        return false;
      }
    }
    return true;
  }

  private static String quoted(Pointer path) {
    return "\"" + path.text() + "\"";
  }

  private static dev.nacelle.api.status.ApiException missing(String what) {
    return Refusals.notApplicable(what + ": missing value");
  }

  /** A thawed object. */
  private record MutableObject(LinkedHashMap<String, Object> members) {}

  /** A thawed array. */
  private record MutableArray(ArrayList<Object> items) {}
}
