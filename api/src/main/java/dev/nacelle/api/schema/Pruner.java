package dev.nacelle.api.schema;

import dev.nacelle.base.json.JsonObject;

/** Drops what a structural schema does not know. Pure. */
public final class Pruner {
  private Pruner() {}

  /**
   * The object without unknown fields. {@code apiVersion}, {@code kind} and {@code metadata} of the
   * root and of embedded resources always stay.
   */
  public static JsonObject prune(JsonObject object, Schema schema) {
    throw new UnsupportedOperationException("not yet");
  }
}
