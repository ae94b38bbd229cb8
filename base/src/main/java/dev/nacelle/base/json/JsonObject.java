package dev.nacelle.base.json;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * An immutable JSON object that keeps the order of its members. The path accessors ({@code find},
 * {@code string}, ...) walk nested objects by member names and are empty where a step is absent or
 * of another type.
 */
public final class JsonObject implements Json {
  public static final JsonObject EMPTY = new JsonObject(new MemberList().toMembers());

  private final JsonMembers members;

  private JsonObject(JsonMembers members) {
    this.members = members;
  }

  /** Copies {@code members}. */
  public static JsonObject of(Map<String, Json> members) {
    var builder = builder();
    members.forEach(builder::put);
    return builder.build();
  }

  static JsonObject of(MemberList members) {
    return members.size() == 0 ? EMPTY : new JsonObject(members.toMembers());
  }

  public static Builder builder() {
    return new Builder(new MemberList());
  }

  /** A builder that starts with the members of this object. */
  public Builder toBuilder() {
    return new Builder(new MemberList(members));
  }

  JsonMembers compactMembers() {
    return members;
  }

  /** The members in order; unmodifiable. */
  public Map<String, Json> members() {
    return members;
  }

  public int size() {
    return members.size();
  }

  public boolean isEmpty() {
    return members.isEmpty();
  }

  public boolean has(String name) {
    return members.containsKey(name);
  }

  public Optional<Json> get(String name) {
    return Optional.ofNullable(members.get(name));
  }

  /** The value at a path of member names. */
  public Optional<Json> find(String... path) {
    Json at = this;
    for (String step : path) {
      if (!(at instanceof JsonObject object)) {
        return Optional.empty();
      }
      Json next = object.members.get(step);
      if (next == null) {
        return Optional.empty();
      }
      at = next;
    }
    return Optional.of(at);
  }

  public Optional<String> string(String... path) {
    return find(path).map(v -> v instanceof JsonString s ? s.value() : null);
  }

  /** The integer at a path; a decimal without a fraction counts. */
  public OptionalLong integer(String... path) {
    return switch (find(path).orElse(JsonNull.NULL)) {
      case JsonNumber.Integer i -> OptionalLong.of(i.value());
      case JsonNumber.Decimal d when d.value() == Math.rint(d.value()) ->
          OptionalLong.of(d.longValue());
      case JsonNumber d -> OptionalLong.empty();
      case JsonObject o -> OptionalLong.empty();
      case JsonArray a -> OptionalLong.empty();
      case JsonString s -> OptionalLong.empty();
      case JsonBoolean b -> OptionalLong.empty();
      case JsonNull n -> OptionalLong.empty();
    };
  }

  public Optional<Boolean> bool(String... path) {
    return find(path).map(v -> v instanceof JsonBoolean b ? (Boolean) b.value() : null);
  }

  /** The object at a path; empty where there is none. */
  public JsonObject object(String... path) {
    return find(path).map(v -> v instanceof JsonObject o ? o : null).orElse(EMPTY);
  }

  /** The array at a path; empty where there is none. */
  public JsonArray array(String... path) {
    return find(path).map(v -> v instanceof JsonArray a ? a : null).orElse(JsonArray.EMPTY);
  }

  /** The members of the object at a path whose values are strings (labels, annotations, data). */
  public Map<String, String> strings(String... path) {
    var result = new LinkedHashMap<String, String>();
    object(path)
        .members
        .forEach(
            (name, value) -> {
              if (value instanceof JsonString s) {
                result.put(name, s.value());
              }
            });
    return Collections.unmodifiableMap(result);
  }

  /** This object with one member set; a new member goes last. */
  public JsonObject with(String name, Json value) {
    return members.get(name) == value ? this : new JsonObject(members.with(name, value));
  }

  /**
   * This object with the value at {@code path} set; objects on the way are made, other values
   * replaced.
   */
  public JsonObject withAt(Json value, String... path) {
    if (path.length == 0) {
      throw new IllegalArgumentException("empty path");
    }
    return withAt(value, path, 0);
  }

  private JsonObject withAt(Json value, String[] path, int depth) {
    if (depth == path.length - 1) {
      return with(path[depth], value);
    }
    JsonObject child = members.get(path[depth]) instanceof JsonObject o ? o : EMPTY;
    return with(path[depth], child.withAt(value, path, depth + 1));
  }

  /** This object without a member. */
  public JsonObject without(String name) {
    return members.containsKey(name) ? toBuilder().remove(name).build() : this;
  }

  /** This object without the member at {@code path}; unchanged where the path does not exist. */
  public JsonObject withoutAt(String... path) {
    if (find(path).isEmpty()) {
      return this;
    }
    return withoutAt(path, 0);
  }

  private JsonObject withoutAt(String[] path, int depth) {
    if (depth == path.length - 1) {
      return without(path[depth]);
    }
    return members.get(path[depth]) instanceof JsonObject child
        ? with(path[depth], child.withoutAt(path, depth + 1))
        : this;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof JsonObject that && members.equals(that.members);
  }

  @Override
  public int hashCode() {
    return members.hashCode();
  }

  /** The compact JSON text. */
  @Override
  public String toString() {
    return JsonWriter.write(this).toUtf8();
  }

  /** Builds one object; for one thread, used once. */
  public static final class Builder {
    private MemberList members;

    private Builder(MemberList members) {
      this.members = members;
    }

    public Builder put(String name, Json value) {
      members.put(name, value);
      return this;
    }

    public Builder put(String name, String value) {
      return put(name, Json.of(value));
    }

    public Builder put(String name, long value) {
      return put(name, Json.of(value));
    }

    public Builder put(String name, boolean value) {
      return put(name, Json.of(value));
    }

    /** Sets the member where there is a value, else leaves it as it is. */
    public Builder putIf(String name, Optional<? extends Json> value) {
      value.ifPresent(v -> put(name, v));
      return this;
    }

    public Builder putStrings(String name, Map<String, String> values) {
      var builder = builder();
      values.forEach(builder::put);
      return put(name, builder.build());
    }

    public Builder remove(String name) {
      members.remove(name);
      return this;
    }

    public JsonObject build() {
      JsonObject result = JsonObject.of(members);
      members = new MemberList();
      return result;
    }
  }
}
