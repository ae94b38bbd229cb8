package dev.nacelle.apiserver.pipeline;

import dev.nacelle.api.status.ApiException;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;
import java.util.Set;

/**
 * What a client sent, parsed.
 *
 * @param duplicates the paths of members that the text had twice
 */
public record Body(Json json, Set<String> duplicates) {
  public Body {
    duplicates = Set.copyOf(duplicates);
  }

  /** A body that never was text. */
  public static Body of(JsonObject object) {
    return new Body(object, Set.of());
  }

  JsonObject object() {
    if (json instanceof JsonObject object) {
      return object;
    }
    throw ApiException.badRequest(
        "couldn't get version/kind; json parse error: json: cannot unmarshal "
            + json.typeName()
            + " into Go value of type struct { APIVersion string; Kind string }");
  }
}
