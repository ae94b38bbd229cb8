package dev.nacelle.schemas;

import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonBoolean;
import dev.nacelle.base.json.JsonNull;
import dev.nacelle.base.json.JsonNumber;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonString;
import java.util.TreeMap;

/** Takes out of a published definition what is not part of the API's own description of itself. */
final class Cleaning {
  private Cleaning() {}

  /** Sorts the properties, drops foreign extensions, defaults of zero, and misplaced list types. */
  static JsonObject definition(JsonObject source) {
    var result = schema(source).toBuilder().remove("x-fabric8-info");
    if (source.has("properties")) {
      var sorted = new TreeMap<String, Json>();
      source
          .object("properties")
          .members()
          .forEach((name, value) -> sorted.put(name, schema((JsonObject) value)));
      result.put("properties", JsonObject.of(sorted));
    }
    return result.build();
  }

  private static JsonObject schema(JsonObject source) {
    var result = source.toBuilder();
    source.get("default").filter(Cleaning::isZero).ifPresent(zero -> result.remove("default"));
    if (!source.string("type").orElse("").equals("array")) {
      result.remove("x-kubernetes-list-type");
    }
    for (String nested : new String[] {"items", "additionalProperties"}) {
      if (source.get(nested).orElse(JsonNull.NULL) instanceof JsonObject child) {
        result.put(nested, schema(child));
      }
    }
    return result.build();
  }

  /** Go's zero values as defaults say nothing: an absent field reads as them anyway. */
  private static boolean isZero(Json value) {
    return switch (value) {
      case JsonObject o -> o.isEmpty();
      case JsonArray a -> a.isEmpty();
      case JsonString s -> s.value().isEmpty();
      case JsonNumber n -> n.doubleValue() == 0;
      case JsonBoolean b -> !b.value();
      case JsonNull n -> true;
    };
  }
}
