package dev.nacelle.api.schema;

import dev.nacelle.api.status.FieldError;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;
import java.util.List;
import java.util.Optional;

/**
 * Checks objects against schemas, with the messages of kube-apiserver for custom resources. CEL
 * rules are not run here. Pure.
 */
public final class SchemaValidation {
  private SchemaValidation() {}

  /** What is wrong; empty if nothing. At most 100 errors. */
  public static List<FieldError> validate(JsonObject object, Schema schema) {
    return run(object, Optional.empty(), schema);
  }

  /** As {@link #validate}, but a wrong value that the old object has already is let be. */
  public static List<FieldError> validateUpdate(JsonObject object, JsonObject old, Schema schema) {
    return run(object, Optional.of(old), schema);
  }

  /** Whether a value of any type is valid; for defaults in definitions. */
  public static List<FieldError> validateValue(Json value, Schema schema, String path) {
    var run = new ValidationRun();
    run.check(value, Optional.empty(), schema, path);
    return run.errors();
  }

  private static List<FieldError> run(JsonObject object, Optional<Json> old, Schema schema) {
    var run = new ValidationRun();
    run.check(object, old, schema, "");
    return run.errors();
  }
}
