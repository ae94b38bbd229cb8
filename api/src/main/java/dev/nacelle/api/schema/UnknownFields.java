package dev.nacelle.api.schema;

import dev.nacelle.api.object.GroupVersionKind;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.base.json.JsonObject;
import java.util.Collection;
import java.util.List;
import java.util.stream.Stream;

/** Strict field validation: fields that a schema does not know, and fields given twice. Pure. */
public final class UnknownFields {
  private static final int MAX_FINDINGS = 100;

  private UnknownFields() {}

  /**
   * One text per finding, at most 100, as upstream words it: {@code unknown field "spec.foo"},
   * {@code duplicate field "spec.bar"}. Each is the text of a Warning header in mode Warn.
   *
   * @param duplicates the paths that {@code JsonReader.readNotingDuplicates} found
   */
  public static List<String> find(JsonObject object, Schema schema, Collection<String> duplicates) {
    Stream<String> twice = duplicates.stream().sorted().map(p -> "duplicate field \"" + p + "\"");
    Stream<String> unknown =
        Pruner.unknownPaths(object, schema).stream().map(p -> "unknown field \"" + p + "\"");
    return Stream.concat(twice, unknown).limit(MAX_FINDINGS).toList();
  }

  /** {@code strict decoding error: unknown field "spec.foo", ...}. */
  public static String strictDecodingError(List<String> findings) {
    return "strict decoding error: " + String.join(", ", findings);
  }

  /** The refusal of a create or update in mode Strict. */
  public static ApiException refusal(JsonObject object, List<String> findings) {
    return cannotBeHandled(object, strictDecodingError(findings));
  }

  /** {@code Deployment in version "v1" cannot be handled as a Deployment: ...}, with code 400. */
  static ApiException cannotBeHandled(JsonObject object, String why) {
    var kind =
        GroupVersionKind.of(
            object.string("apiVersion").orElse(""), object.string("kind").orElse(""));
    return ApiException.badRequest(
        "%s in version \"%s\" cannot be handled as a %s: %s"
            .formatted(kind.kind(), kind.version(), kind.kind(), why));
  }
}
