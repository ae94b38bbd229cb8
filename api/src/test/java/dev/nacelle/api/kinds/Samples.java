package dev.nacelle.api.kinds;

import dev.nacelle.api.client.Identity;
import dev.nacelle.api.definition.Hooks;
import dev.nacelle.api.definition.ResourceDefinition;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.status.FieldError;
import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.base.json.JsonString;
import dev.nacelle.base.json.JsonWriter;
import java.time.Instant;
import java.util.List;

/** Objects as tests write them: JSON with single quotes. */
final class Samples {
  static final Instant NOW = Instant.parse("2026-05-01T12:00:00Z");
  static final Hooks.Context CONTEXT =
      new Hooks.Context(Identity.of("alice", Identity.AUTHENTICATED), NOW, "v1");

  private Samples() {}

  static JsonObject json(String text) {
    return JsonReader.readObject(Bytes.utf8(text.replace('\'', '"')));
  }

  static KubeObject object(String text) {
    return new KubeObject(json(text));
  }

  static ResourceDefinition kind(String groupResource) {
    return BuiltInKinds.all().stream()
        .filter(d -> d.groupResource().equals(groupResource))
        .findFirst()
        .orElseThrow();
  }

  /** As the pipeline treats a create before it validates. */
  static KubeObject created(String groupResource, String text) {
    Hooks hooks = kind(groupResource).hooks();
    return hooks.prepareForCreate(CONTEXT, new KubeObject(hooks.applyDefaults("v1", json(text))));
  }

  static List<String> faults(String groupResource, String text) {
    Hooks hooks = kind(groupResource).hooks();
    return messages(hooks.validateCreate(CONTEXT, created(groupResource, text)));
  }

  static List<String> messages(List<FieldError> errors) {
    return errors.stream().map(FieldError::message).toList();
  }

  /** The row of a table: plain columns, then wide ones after a bar. */
  static String row(String groupResource, String text) {
    var plain = new StringBuilder();
    var wide = new StringBuilder();
    for (var column : kind(groupResource).storedVersion().columns()) {
      Json cell = column.cell().value(object(text), NOW);
      String bare = cell instanceof JsonString s ? s.value() : JsonWriter.write(cell).toUtf8();
      (column.priority() == 0 ? plain : wide).append(bare).append(' ');
    }
    return wide.isEmpty() ? plain.toString().strip() : plain + "| " + wide.toString().strip();
  }
}
