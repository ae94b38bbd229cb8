package dev.nacelle.api.patch;

import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonNull;
import dev.nacelle.base.json.JsonObject;

/** JSON merge patch, RFC 7386. Pure. */
public final class MergePatch {
  private MergePatch() {}

  /**
   * @throws dev.nacelle.api.status.ApiException with code 400 if the patch is not an object
   */
  public static JsonObject apply(JsonObject target, Json patch) {
    if (!(patch instanceof JsonObject object)) {
      throw Refusals.malformed(
          "error decoding patch: json: cannot unmarshal "
              + Refusals.goName(patch)
              + " into Go value of type map[string]interface {}");
    }
    return merge(target, object);
  }

  private static JsonObject merge(JsonObject target, JsonObject patch) {
    if (patch.isEmpty()) {
      return target;
    }
    var result = target.toBuilder();
    patch
        .members()
        .forEach(
            (name, value) -> {
              switch (value) {
                case JsonNull n -> result.remove(name);
                case JsonObject o -> result.put(name, merge(target.object(name), o));
                case Json other -> result.put(name, other);
              }
            });
    return result.build();
  }

  /**
   * The smallest merge patch that makes {@code modified} out of {@code original}. Nulls cannot be
   * said in a merge patch: a null member of {@code modified} is absent afterwards.
   */
  public static JsonObject create(JsonObject original, JsonObject modified) {
    var patch = JsonObject.builder();
    modified
        .members()
        .forEach(
            (name, wanted) -> {
              Json present = original.get(name).orElse(JsonNull.NULL);
              if (present instanceof JsonObject o && wanted instanceof JsonObject w) {
                JsonObject difference = create(o, w);
                if (!difference.isEmpty()) {
                  patch.put(name, difference);
                }
              } else if (!present.equals(wanted)) {
                patch.put(name, wanted);
              }
            });
    original.members().keySet().stream()
        .filter(name -> !modified.has(name))
        .forEach(name -> patch.put(name, JsonNull.NULL));
    return patch.build();
  }
}
