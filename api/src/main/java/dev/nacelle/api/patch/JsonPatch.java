package dev.nacelle.api.patch;

import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;

/** JSON patch, RFC 6902. Pure. */
public final class JsonPatch {
  private JsonPatch() {}

  /**
   * Applies all operations in order, or none.
   *
   * @throws dev.nacelle.api.status.ApiException with code 400 if the patch has not the form of one,
   *     413 if it has too many operations, 422 if an operation cannot be applied
   */
  public static JsonObject apply(JsonObject target, Json patch) {
    throw new UnsupportedOperationException("not yet");
  }
}
