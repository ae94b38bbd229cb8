package dev.nacelle.api.schema;

import dev.nacelle.api.status.FieldError;
import dev.nacelle.base.json.JsonObject;
import java.util.List;

/**
 * Checks objects against schemas, with the messages of kube-apiserver for custom resources. Pure.
 */
public final class SchemaValidation {
  private SchemaValidation() {}

  /** What is wrong; empty if nothing. At most some hundred errors. */
  public static List<FieldError> validate(JsonObject object, Schema schema) {
    throw new UnsupportedOperationException("not yet");
  }

  /** As {@link #validate}, but a wrong value that the old object has already is let be. */
  public static List<FieldError> validateUpdate(JsonObject object, JsonObject old, Schema schema) {
    throw new UnsupportedOperationException("not yet");
  }
}
