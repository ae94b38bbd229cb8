package dev.nacelle.api.jsonpath;

import dev.nacelle.base.json.Json;
import java.util.List;

/** A JSON path of kubectl's dialect. Immutable, safe for any thread. */
public final class JsonPath {
  private JsonPath() {}

  /**
   * Reads a path such as {@code .spec.x[0].y}, with or without braces around it.
   *
   * @throws IllegalArgumentException if it is not one; the message is upstream's
   */
  public static JsonPath parse(String text) {
    throw new UnsupportedOperationException("not yet");
  }

  /** The values at the path, in order; empty where a step is absent. */
  public List<Json> find(Json root) {
    throw new UnsupportedOperationException("not yet");
  }
}
