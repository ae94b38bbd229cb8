package dev.nacelle.api.kinds;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.api.kinds.shared.BuiltInSchemas;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class SchemasMatchUpstreamTest {
  /** Documentation, and what only the published form of OpenAPI v3 has. */
  private static final Set<String> NOT_COMPARED = Set.of("description", "default", "enum");

  private final BuiltInSchemas library = BuiltInSchemas.library();

  @Test
  void everyDefinitionHasUpstreamsFieldsRequiredAndMergeMetadata() throws IOException {
    JsonObject upstream = Targets.json("openapi/swagger-1.36.json.gz").object("definitions");
    var differences = new ArrayList<String>();
    for (String name : library.names()) {
      if (!name.startsWith("dev.nacelle.")) {
        compare(name, own(name), upstream.object(name), differences);
      }
    }
    assertThat(differences).isEmpty();
  }

  @Test
  void everyReferenceHasItsDefinition() {
    for (String name : library.names()) {
      references(own(name)).forEach(reference -> assertThat(library.names()).contains(reference));
    }
  }

  @Test
  void aDefinitionThatIsNotServedIsLeftOut() {
    assertThat(library.names())
        .contains("io.k8s.api.core.v1.Pod", "dev.nacelle.containers.v1.NGroup")
        .doesNotContain("io.k8s.api.apps.v1.StatefulSet");
  }

  @Test
  void everyFieldIsDescribed() {
    var undescribed = new ArrayList<String>();
    for (String name : library.names()) {
      own(name)
          .object("properties")
          .members()
          .forEach(
              (field, schema) -> {
                if (!(schema instanceof JsonObject s)
                    || (s.string("description").isEmpty() && s.string("$ref").isEmpty())) {
                  undescribed.add(name + "." + field);
                }
              });
    }
    assertThat(undescribed)
        .allMatch(
            field ->
                field.contains("JSONSchemaProps.")
                    || field.contains("version.Info.")
                    || field.contains("WatchEvent."));
  }

  private JsonObject own(String name) {
    return JsonReader.readObject(library.text(name).orElseThrow());
  }

  private static void compare(
      String name, JsonObject own, JsonObject upstream, List<String> differences) {
    if (upstream.isEmpty()) {
      differences.add(name + " is not upstream's");
      return;
    }
    var fields = new TreeSet<>(own.object("properties").members().keySet());
    fields.addAll(upstream.object("properties").members().keySet());
    for (String field : fields) {
      String ours = shape(own.object("properties", field));
      String theirs = shape(upstream.object("properties", field));
      if (!ours.equals(theirs)) {
        differences.add(name + "." + field + ": " + ours + " instead of " + theirs);
      }
    }
    if (!strings(own, "required").equals(strings(upstream, "required"))) {
      differences.add(
          name + " requires " + strings(own, "required") + strings(upstream, "required"));
    }
    String kind = "x-kubernetes-group-version-kind";
    if (own.has(kind) != upstream.has(kind)
        || !upstream.array(kind).items().containsAll(own.array(kind).items())) {
      differences.add(name + " is the kind " + own.array(kind));
    }
  }

  private static Set<String> strings(JsonObject object, String name) {
    return new TreeSet<>(object.array(name).strings().toList());
  }

  private static String shape(JsonObject schema) {
    var sorted = new java.util.TreeMap<String, String>();
    schema
        .members()
        .forEach(
            (key, value) -> {
              if (!NOT_COMPARED.contains(key)) {
                sorted.put(key, value instanceof JsonObject o ? shape(o) : value.toString());
              }
            });
    return sorted.toString();
  }

  private static List<String> references(Json value) {
    var result = new ArrayList<String>();
    if (value instanceof JsonObject object) {
      object.string("$ref").map(r -> r.substring(r.lastIndexOf('/') + 1)).ifPresent(result::add);
      object.members().values().forEach(member -> result.addAll(references(member)));
    } else if (value instanceof JsonArray array) {
      array.forEach(item -> result.addAll(references(item)));
    }
    return result;
  }
}
