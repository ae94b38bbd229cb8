package dev.nacelle.api.schema;

import dev.nacelle.base.json.JsonObject;

/** Fills absent fields with the defaults of a schema. Pure and idempotent. */
public final class Defaulter {
  private Defaulter() {}

  /**
   * Defaults go wherever their parent is present; a null that its schema does not allow is replaced
   * by the default, or dropped where there is a default only.
   */
  public static JsonObject apply(JsonObject object, Schema schema) {
    throw new UnsupportedOperationException("not yet");
  }
}
