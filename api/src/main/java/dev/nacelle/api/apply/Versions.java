package dev.nacelle.api.apply;

import dev.nacelle.api.schema.Schema;
import dev.nacelle.base.json.JsonObject;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What ownership must know of a kind: its versions, and what a write never changes. */
public interface Versions {

  /**
   * The schema of a version such as {@code apps/v1}; empty if there is no such version any more.
   */
  Optional<Schema> schema(String apiVersion);

  /** The same object in another version, for which {@link #schema} is present. */
  JsonObject convert(JsonObject object, String apiVersion);

  /** Paths that the present write never changes and so never owns, such as {@code status}. */
  default Set<List<String>> resetFields() {
    return Set.of();
  }

  /** A kind of one version. */
  static Versions only(String apiVersion, Schema schema, Set<List<String>> resetFields) {
    return new Versions() {
      @Override
      public Optional<Schema> schema(String asked) {
        return asked.equals(apiVersion) ? Optional.of(schema) : Optional.empty();
      }

      @Override
      public JsonObject convert(JsonObject object, String asked) {
        return object;
      }

      @Override
      public Set<List<String>> resetFields() {
        return resetFields;
      }
    };
  }
}
