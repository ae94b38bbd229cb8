package dev.nacelle.api.kinds;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.api.definition.Column;
import dev.nacelle.api.definition.ResourceDefinition;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.schema.Schema;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Upstream's fully populated object of each kind that we serve. */
class GoldenObjectsTest {

  @Test
  void everyFieldIsKnownToTheSchema() throws IOException {
    var unknown = new ArrayList<String>();
    for (ResourceDefinition definition : servedUpstream()) {
      walk(
          golden(definition),
          Optional.of(definition.storedVersion().schema()),
          definition.names().kind(),
          unknown);
    }
    assertThat(unknown).isEmpty();
  }

  @Test
  void everyColumnHasACell() throws IOException {
    for (ResourceDefinition definition : servedUpstream()) {
      var object = new KubeObject(golden(definition));
      for (Column column : definition.storedVersion().columns()) {
        assertThat(column.cell().value(object, Instant.EPOCH).typeName())
            .isIn("string", "integer", "boolean");
      }
    }
  }

  private static List<ResourceDefinition> servedUpstream() {
    return BuiltInKinds.all().stream()
        .filter(d -> !d.group().equals("containers.nacelle.dev"))
        .filter(d -> !d.group().equals("apiextensions.k8s.io")) // there is no golden object of it
        .toList();
  }

  static JsonObject golden(ResourceDefinition definition) throws IOException {
    return Targets.json(
        "golden/HEAD/%s.%s.%s.json"
            .formatted(
                definition.group().isEmpty() ? "core" : definition.group(),
                definition.storedVersion().name(),
                definition.names().kind()));
  }

  private static void walk(Json value, Optional<Schema> schema, String path, List<String> unknown) {
    if (schema.isEmpty()) {
      unknown.add(path);
      return;
    }
    Schema known = schema.get();
    if (value instanceof JsonObject object && !isOpen(known)) {
      object
          .members()
          .forEach((name, member) -> walk(member, known.member(name), path + "." + name, unknown));
    } else if (value instanceof JsonArray array && !isOpen(known)) {
      array.forEach(item -> walk(item, known.items(), path + "[]", unknown));
    }
  }

  /** Any JSON may stand there: raw extensions and the like. */
  private static boolean isOpen(Schema schema) {
    return schema.properties().isEmpty()
        && schema.additionalProperties().isEmpty()
        && schema.items().isEmpty();
  }
}
