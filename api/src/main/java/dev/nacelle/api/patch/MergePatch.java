package dev.nacelle.api.patch;

import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;

/** JSON merge patch, RFC 7386. Pure. */
public final class MergePatch {
  private MergePatch() {}

  /**
   * @throws dev.nacelle.api.status.ApiException with code 400 if the patch is not an object
   */
  public static JsonObject apply(JsonObject target, Json patch) {
    throw new UnsupportedOperationException("not yet");
  }

  /** The smallest merge patch that makes {@code modified} out of {@code original}. */
  public static JsonObject create(JsonObject original, JsonObject modified) {
    throw new UnsupportedOperationException("not yet");
  }
}
