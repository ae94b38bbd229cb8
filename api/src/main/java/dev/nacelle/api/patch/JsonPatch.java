package dev.nacelle.api.patch;

import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonNull;
import dev.nacelle.base.json.JsonObject;

/**
 * JSON patch, RFC 6902, with the leniences and the messages of evanphx/json-patch. Pure. Bounded:
 * 10,000 operations, 500 levels, and 3 MiB that copies add.
 */
public final class JsonPatch {
  private static final int MAX_OPERATIONS = 10_000;

  private JsonPatch() {}

  /**
   * Applies all operations in order, or none.
   *
   * @throws dev.nacelle.api.status.ApiException with code 400 if the patch has not the form of one,
   *     413 if it has too many operations, 422 if an operation cannot be applied
   */
  public static JsonObject apply(JsonObject target, Json patch) {
    if (!(patch instanceof JsonArray operations)) {
      throw Refusals.malformed(
          "error decoding patch: json: cannot unmarshal "
              + Refusals.goName(patch)
              + " into Go value of type []handlers.jsonPatchOp");
    }
    if (operations.size() > MAX_OPERATIONS) {
      throw Refusals.tooLarge(
          "The allowed maximum operations in a JSON patch is "
              + MAX_OPERATIONS
              + ", got "
              + operations.size());
    }
    for (Json operation : operations) {
      if (!(operation instanceof JsonObject)) {
        throw Refusals.malformed(
            "error decoding patch: json: cannot unmarshal "
                + Refusals.goName(operation)
                + " into Go value of type handlers.jsonPatchOp");
      }
    }
    var document = new PatchDocument(target);
    operations.objects().forEach(operation -> step(document, operation));
    return switch (document.freeze()) {
      case JsonObject result -> result;
      case Json other ->
          throw Refusals.notApplicable("the patched document is no object but " + other.typeName());
    };
  }

  private static void step(PatchDocument document, JsonObject operation) {
    String kind = operation.string("op").orElse("unknown");
    switch (kind) {
      case "add" -> document.add(pointer(operation, kind, "path"), value(operation));
      case "remove" -> document.remove(pointer(operation, kind, "path"));
      case "replace" -> document.replace(pointer(operation, kind, "path"), value(operation));
      case "move" ->
          document.move(pointer(operation, kind, "from"), pointer(operation, kind, "path"));
      case "copy" ->
          document.copy(pointer(operation, kind, "from"), pointer(operation, kind, "path"));
      case "test" -> document.test(pointer(operation, kind, "path"), value(operation));
      default -> throw Refusals.notApplicable("Unexpected kind: " + kind);
    }
  }

  private static Pointer pointer(JsonObject operation, String kind, String member) {
    return operation
        .string(member)
        .map(Pointer::parse)
        .orElseThrow(
            () ->
                Refusals.notApplicable(
                    kind + " operation failed to decode " + member + ": missing value"));
  }

  private static Json value(JsonObject operation) {
    return operation.get("value").orElse(JsonNull.NULL);
  }
}
