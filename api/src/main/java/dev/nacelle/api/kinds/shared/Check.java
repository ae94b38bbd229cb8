package dev.nacelle.api.kinds.shared;

import dev.nacelle.api.status.FieldError;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonNull;
import dev.nacelle.base.json.JsonNumber;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonString;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Checks of one object's members at a path, which add what is wrong to a list. An absent string is
 * the empty string, as in Go. For one thread.
 */
public final class Check {
  private final JsonObject object;
  private final String path;
  private final List<FieldError> errors;

  private Check(JsonObject object, String path, List<FieldError> errors) {
    this.object = object;
    this.path = path;
    this.errors = errors;
  }

  public static Check of(JsonObject object, String path, List<FieldError> errors) {
    return new Check(object, path, errors);
  }

  /** What checks of an array's objects want: each with its path, {@code path[0]} and so on. */
  @FunctionalInterface
  public interface ItemCheck {
    void accept(JsonObject item, String path);
  }

  public JsonObject object() {
    return object;
  }

  public String path() {
    return path;
  }

  public String at(String name) {
    return path.isEmpty() ? name : path + "." + name;
  }

  public String text(String name) {
    return object.string(name).orElse("");
  }

  public boolean has(String name) {
    return !(object.get(name).orElse(JsonNull.NULL) instanceof JsonNull);
  }

  public List<FieldError> errors() {
    return errors;
  }

  public void required(String name, String detail) {
    errors.add(FieldError.required(at(name), detail));
  }

  public void invalid(String name, String detail) {
    errors.add(FieldError.invalid(at(name), object.get(name).orElse(Json.of("")), detail));
  }

  public void forbidden(String name, String detail) {
    errors.add(FieldError.forbidden(at(name), detail));
  }

  /** A string that must be there. */
  public Check needs(String name) {
    if (text(name).isEmpty()) {
      required(name, "");
    }
    return this;
  }

  /** A string that must be there and have a format. */
  public Check needs(String name, Function<String, List<String>> format) {
    return text(name).isEmpty() ? needs(name) : matches(name, format);
  }

  /** A string that has a format where it is not empty. */
  public Check matches(String name, Function<String, List<String>> format) {
    if (!text(name).isEmpty()) {
      Formats.addInvalid(at(name), Json.of(text(name)), format.apply(text(name)), errors);
    }
    return this;
  }

  /** A string that must be one of some; an empty one is missing. */
  public Check oneOf(String name, String... allowed) {
    if (text(name).isEmpty()) {
      required(name, "");
      return this;
    }
    return optionalOneOf(name, allowed);
  }

  /** A string that is one of some where it is not empty. */
  public Check optionalOneOf(String name, String... allowed) {
    if (!text(name).isEmpty() && !List.of(allowed).contains(text(name))) {
      var sorted = Stream.of(allowed).sorted().toList();
      errors.add(FieldError.notSupported(at(name), Json.of(text(name)), sorted));
    }
    return this;
  }

  /** Numbers that are not negative where they are there. */
  public Check notNegative(String... names) {
    for (String name : names) {
      if (object.get(name).orElse(JsonNull.NULL) instanceof JsonNumber n && n.doubleValue() < 0) {
        invalid(name, "must be greater than or equal to 0");
      }
    }
    return this;
  }

  /** A number within bounds where it is there. */
  public Check between(String name, long least, long most) {
    OptionalLong value = object.integer(name);
    if (value.isPresent() && (value.getAsLong() < least || value.getAsLong() > most)) {
      invalid(name, "must be between " + least + " and " + most + ", inclusive");
    }
    return this;
  }

  /** A number or a name of a port. */
  public Check port(String name) {
    switch (object.get(name).orElse(Json.of(0))) {
      case JsonNumber n ->
          Formats.addInvalid(at(name), n, Formats.portNumber(n.longValue()), errors);
      case JsonString s -> Formats.addInvalid(at(name), s, Formats.portName(s.value()), errors);
      case Json other -> invalid(name, "must be a number or a name");
    }
    return this;
  }

  /** Each object of an array. */
  public Check each(String name, ItemCheck check) {
    int index = 0;
    for (Json item : object.array(name)) {
      if (item instanceof JsonObject o) {
        check.accept(o, at(name) + "[" + index + "]");
      }
      index++;
    }
    return this;
  }

  /** The object of a name where there is one. */
  public Check in(String name, ItemCheck check) {
    if (object.get(name).orElse(JsonNull.NULL) instanceof JsonObject o) {
      check.accept(o, at(name));
    }
    return this;
  }

  /** Each string of an array has a format. */
  public Check eachText(String name, Function<String, List<String>> format) {
    int index = 0;
    for (Json item : object.array(name)) {
      if (item instanceof JsonString s) {
        Formats.addInvalid(at(name) + "[" + index + "]", s, format.apply(s.value()), errors);
      }
      index++;
    }
    return this;
  }

  /** Each object of an array has another value of a member than those before it. */
  public Check unique(String array, String member) {
    var seen = new ArrayList<String>();
    return each(
        array,
        (item, at) -> {
          String value = item.string(member).orElse("");
          if (!value.isEmpty() && seen.contains(value)) {
            errors.add(FieldError.duplicate(at + "." + member, Json.of(value)));
          }
          seen.add(value);
        });
  }

  /** A member that must be as it was. */
  public Check immutable(String name, JsonObject old) {
    Json now = object.get(name).orElse(JsonNull.NULL);
    if (!Objects.equals(meaning(now), meaning(old.get(name).orElse(JsonNull.NULL)))) {
      errors.add(FieldError.invalid(at(name), now, "field is immutable"));
    }
    return this;
  }

  /** What is empty is as good as absent. */
  private static Json meaning(Json value) {
    return switch (value) {
      case JsonString s when s.value().isEmpty() -> JsonNull.NULL;
      case JsonObject o when o.isEmpty() -> JsonNull.NULL;
      case JsonArray a when a.isEmpty() -> JsonNull.NULL;
      case Json other -> other;
    };
  }
}
