package dev.nacelle.api.patch;

import dev.nacelle.api.schema.Schema;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;

/**
 * Strategic merge patch: merge patch in which lists merge by the keys that the schema names. Pure.
 */
public final class StrategicMergePatch {
  private StrategicMergePatch() {}

  /**
   * @param schema of the target, with patch strategies and merge keys
   * @throws dev.nacelle.api.status.ApiException with code 400 if the patch is malformed, 422 if it
   *     does not fit the target
   */
  public static JsonObject apply(JsonObject target, Json patch, Schema schema) {
    throw new UnsupportedOperationException("not yet");
  }
}
