package dev.nacelle.api.kinds;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.api.client.DeleteOptions;
import dev.nacelle.api.definition.Hooks;
import dev.nacelle.api.definition.ResourceDefinition;
import dev.nacelle.api.kinds.shared.MetadataValidation;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** Whatever stands at whatever place of an object, hooks answer and do not throw. */
class HooksAreTotalTest {
  private static final List<Json> ODD =
      List.of(
          Json.nullValue(),
          Json.of(""),
          Json.of("a/b/c..%é"),
          Json.of(-1),
          Json.of(Long.MAX_VALUE),
          Json.of(0.5),
          Json.of(true),
          JsonArray.EMPTY,
          JsonArray.of(Json.nullValue(), Json.of(1), JsonObject.EMPTY),
          JsonObject.EMPTY,
          JsonObject.builder().put("x", Json.nullValue()).build());

  @Test
  void anOddValueAnywhereIsAFaultAtMost() throws IOException {
    for (ResourceDefinition definition : BuiltInKinds.all()) {
      if (!definition.group().endsWith("nacelle.dev")
          && !definition.group().equals("apiextensions.k8s.io")
          && !definition.names().plural().equals("replicasets")) { // as a Deployment
        JsonObject golden = GoldenObjectsTest.golden(definition);
        run(definition, golden, golden);
        run(definition, JsonObject.EMPTY, JsonObject.EMPTY);
        boolean sent = true;
        for (JsonObject odd : mutations(golden)) {
          run(definition, sent ? odd : golden, sent ? golden : odd);
          sent = !sent;
        }
      }
    }
  }

  private static void run(ResourceDefinition definition, JsonObject sent, JsonObject stored) {
    Hooks hooks = definition.hooks();
    var context = Samples.CONTEXT;
    KubeObject object = new KubeObject(hooks.applyDefaults("v1", sent));
    KubeObject old = new KubeObject(hooks.applyDefaults("v1", stored));
    KubeObject created = hooks.prepareForCreate(context, object);
    hooks.validateCreate(context, created);
    hooks.warnings(context, created, Optional.empty());
    MetadataValidation.onCreate(definition, created);
    KubeObject updated = hooks.prepareForUpdate(context, object, old);
    hooks.validateUpdate(context, updated, old);
    MetadataValidation.onUpdate(updated, old);
    KubeObject status = hooks.prepareForStatusUpdate(context, object, old);
    hooks.validateStatusUpdate(context, status, old);
    hooks.deletionGrace(object, DeleteOptions.DEFAULT);
    definition
        .storedVersion()
        .columns()
        .forEach(column -> assertThat(column.cell().value(object, Samples.NOW)).isNotNull());
    definition
        .storedVersion()
        .selectableFields()
        .forEach(field -> assertThat(field.value().apply(object)).isNotNull());
  }

  /** The object with one place changed, for each place; the odd values take turns. */
  private static List<JsonObject> mutations(JsonObject object) {
    var result = new ArrayList<JsonObject>();
    places(object, changed -> changed, result);
    return result;
  }

  private static void places(Json at, UnaryOperator<Json> whole, List<JsonObject> into) {
    if (at instanceof JsonObject object) {
      object
          .members()
          .forEach(
              (name, value) -> {
                UnaryOperator<Json> replaced = v -> whole.apply(object.with(name, v));
                into.add((JsonObject) replaced.apply(ODD.get(into.size() % ODD.size())));
                places(value, replaced, into);
              });
    } else if (at instanceof JsonArray array && !array.isEmpty()) {
      UnaryOperator<Json> replaced =
          v -> {
            var items = new ArrayList<>(array.items());
            items.set(0, v);
            return whole.apply(new JsonArray(items));
          };
      into.add((JsonObject) replaced.apply(ODD.get(into.size() % ODD.size())));
      places(array.get(0), replaced, into);
    }
  }
}
