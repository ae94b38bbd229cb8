package dev.nacelle.api.apply;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.schema.Schema;
import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.base.json.JsonSyntaxException;
import dev.nacelle.base.json.JsonWriter;
import java.util.Optional;

/** The annotation in which client-side apply keeps its last configuration. */
final class LastApplied {
  static final String ANNOTATION = "kubectl.kubernetes.io/last-applied-configuration";
  private static final int MAX_ANNOTATIONS_CHARS = 256 << 10;

  private LastApplied() {}

  static boolean isIn(KubeObject object) {
    return object.annotation(ANNOTATION).filter(a -> !a.isEmpty()).isPresent();
  }

  static KubeObject replaced(KubeObject object, KubeObject configuration) {
    JsonObject bare =
        configuration
            .json()
            .withoutAt("metadata", "managedFields")
            .withoutAt("metadata", "annotations", ANNOTATION);
    String text = JsonWriter.write(bare).toUtf8() + "\n";
    KubeObject result = object.withAnnotation(ANNOTATION, text);
    int total =
        result.annotations().entrySet().stream()
            .mapToInt(e -> e.getKey().length() + e.getValue().length())
            .sum();
    return total > MAX_ANNOTATIONS_CHARS
        ? new KubeObject(object.json().withoutAt("metadata", "annotations", ANNOTATION))
        : result;
  }

  /** The fields that client-side apply stated and that are still as it stated them. */
  static FieldSet unchangedFields(KubeObject live, Schema schema) {
    Optional<JsonObject> applied = live.annotation(ANNOTATION).flatMap(LastApplied::read);
    if (applied.isEmpty()) {
      return FieldSet.EMPTY;
    }
    Comparison difference =
        Comparison.of(applied.get(), ManagedFields.bare(live).json(), Optional.of(schema));
    return Ownership.of(applied.get(), Optional.of(schema))
        .difference(difference.modified())
        .difference(difference.added())
        .difference(difference.removed());
  }

  private static Optional<JsonObject> read(String text) {
    try {
      return Optional.of(JsonReader.readObject(Bytes.utf8(text)));
    } catch (JsonSyntaxException e) {
      return Optional.empty();
    }
  }
}
