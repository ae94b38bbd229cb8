package dev.nacelle.api.schema;

import dev.nacelle.api.status.ApiException;
import dev.nacelle.base.json.JsonObject;
import java.util.Collection;
import java.util.List;

/** Strict field validation: fields that a schema does not know, and fields given twice. Pure. */
public final class UnknownFields {
  private UnknownFields() {}

  /**
   * One text per finding, as upstream words it: {@code unknown field "spec.foo"}, {@code duplicate
   * field "spec.bar"}. Each is the text of a Warning header in mode Warn.
   *
   * @param duplicates the paths that {@code JsonReader.readNotingDuplicates} found
   */
  public static List<String> find(JsonObject object, Schema schema, Collection<String> duplicates) {
    throw new UnsupportedOperationException("not yet");
  }

  /** {@code strict decoding error: unknown field "spec.foo", ...}. */
  public static String strictDecodingError(List<String> findings) {
    throw new UnsupportedOperationException("not yet");
  }

  /** The refusal of a create or update in mode Strict. */
  public static ApiException refusal(JsonObject object, List<String> findings) {
    throw new UnsupportedOperationException("not yet");
  }
}
