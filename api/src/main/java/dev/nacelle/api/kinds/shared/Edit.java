package dev.nacelle.api.kinds.shared;

import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonNull;
import dev.nacelle.base.json.JsonNumber;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonString;
import java.util.ArrayList;
import java.util.function.UnaryOperator;

/**
 * Changes to one object, copied at the first change only; what needs no change stays the same
 * instance. The three kinds of default follow Go: a string or number that is not behind a pointer
 * is unset when it is absent or zero. For one thread.
 */
public final class Edit {
  private JsonObject current;

  private Edit(JsonObject object) {
    this.current = object;
  }

  public static Edit of(JsonObject object) {
    return new Edit(object);
  }

  public JsonObject done() {
    return current;
  }

  public JsonObject current() {
    return current;
  }

  public Edit set(String name, Json value) {
    if (!value.equals(current.get(name).orElse(JsonNull.NULL))) {
      current = current.with(name, value);
    }
    return this;
  }

  public Edit remove(String name) {
    current = current.without(name);
    return this;
  }

  /** Sets a string that is absent or empty. */
  public Edit text(String name, String value) {
    Json now = now(name);
    boolean unset = now == JsonNull.NULL || (now instanceof JsonString s && s.value().isEmpty());
    return unset ? set(name, Json.of(value)) : this;
  }

  /** Sets a number that is absent or zero. */
  public Edit number(String name, long value) {
    Json now = now(name);
    boolean unset = now == JsonNull.NULL || (now instanceof JsonNumber n && n.doubleValue() == 0);
    return unset ? set(name, Json.of(value)) : this;
  }

  /** Sets a member that is absent (or null), whatever its type. */
  public Edit absent(String name, Json value) {
    return now(name) == JsonNull.NULL ? set(name, value) : this;
  }

  /** Edits the object of a name where there is one. */
  public Edit in(String name, UnaryOperator<JsonObject> change) {
    if (now(name) instanceof JsonObject child) {
      JsonObject changed = change.apply(child);
      if (changed != child) {
        current = current.with(name, changed);
      }
    }
    return this;
  }

  /** Edits each object of the array of a name where there is one. */
  public Edit each(String name, UnaryOperator<JsonObject> change) {
    if (now(name) instanceof JsonArray array) {
      boolean differs = false;
      var items = new ArrayList<Json>(array.size());
      for (Json item : array) {
        Json changed = item instanceof JsonObject o ? change.apply(o) : item;
        differs |= changed != item;
        items.add(changed);
      }
      if (differs) {
        current = current.with(name, new JsonArray(items));
      }
    }
    return this;
  }

  private Json now(String name) {
    return current.get(name).orElse(JsonNull.NULL);
  }
}
