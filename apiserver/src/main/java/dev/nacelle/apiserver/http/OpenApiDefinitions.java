package dev.nacelle.apiserver.http;

import dev.nacelle.api.definition.ResourceDefinition;
import dev.nacelle.api.definition.ResourceDefinition.Origin;
import dev.nacelle.api.definition.VersionDefinition;
import dev.nacelle.api.kinds.shared.BuiltInSchemas;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.base.json.JsonString;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/** The schemas of kinds as the documents of OpenAPI hold them, with all that they refer to. */
final class OpenApiDefinitions {
  private static final String META = "io.k8s.apimachinery.pkg.apis.meta.v1.";
  private static final Set<String> ALWAYS = Set.of(META + "DeleteOptions", META + "Status");

  private OpenApiDefinitions() {}

  /** The name of the definition of a kind in a version. */
  static String nameOf(ResourceDefinition definition, VersionDefinition version) {
    return version
        .schema()
        .referenceName()
        .orElseGet(
            () ->
                reversed(definition.group())
                    + "."
                    + version.name()
                    + "."
                    + definition.names().kind());
  }

  private static String reversed(String group) {
    var parts = new java.util.ArrayList<>(List.of(group.split("\\.", -1)));
    java.util.Collections.reverse(parts);
    return String.join(".", parts);
  }

  /** A kind in a version. */
  record Served(ResourceDefinition definition, VersionDefinition version) {}

  /**
   * The definitions of kinds and of all they refer to, by name in order.
   *
   * @param referencePrefix how a reference begins: {@code #/definitions/} or {@code
   *     #/components/schemas/}
   */
  static Map<String, JsonObject> of(List<Served> kinds, String referencePrefix) {
    var result = new TreeMap<String, JsonObject>();
    var open = new ArrayDeque<String>(ALWAYS);
    for (Served kind : kinds) {
      String name = nameOf(kind.definition(), kind.version());
      if (kind.definition().origin() == Origin.BUILT_IN) {
        open.add(name);
      } else {
        JsonObject schema = custom(kind);
        result.put(name, rewritten(schema, referencePrefix, open));
        result.put(name + "List", rewritten(customList(kind, name), referencePrefix, open));
      }
    }
    BuiltInSchemas library = BuiltInSchemas.library();
    while (!open.isEmpty()) {
      String name = open.poll();
      if (!result.containsKey(name)) {
        library
            .text(name)
            .ifPresent(
                text ->
                    result.put(
                        name, rewritten(JsonReader.readObject(text), referencePrefix, open)));
      }
    }
    return result;
  }

  private static JsonObject custom(Served kind) {
    JsonObject schema = kind.version().schema().source();
    JsonObject.Builder properties =
        schema.object("properties").toBuilder()
            .put(
                "apiVersion",
                textProperty(
                    "APIVersion defines the versioned schema of this"
                        + " representation of an object."))
            .put(
                "kind",
                textProperty(
                    "Kind is a string value representing the REST resource this"
                        + " object represents."))
            .put("metadata", reference(META + "ObjectMeta"));
    return schema.toBuilder()
        .put("type", "object")
        .put("properties", properties.build())
        .put("x-kubernetes-group-version-kind", groupVersionKind(kind, ""))
        .build();
  }

  private static JsonObject customList(Served kind, String name) {
    return JsonObject.builder()
        .put("type", "object")
        .put("required", JsonArray.ofStrings(List.of("items")))
        .put(
            "properties",
            JsonObject.builder()
                .put("apiVersion", textProperty(""))
                .put("kind", textProperty(""))
                .put("metadata", reference(META + "ListMeta"))
                .put(
                    "items",
                    JsonObject.builder().put("type", "array").put("items", reference(name)).build())
                .build())
        .put("x-kubernetes-group-version-kind", groupVersionKind(kind, "List"))
        .build();
  }

  private static Json groupVersionKind(Served kind, String suffix) {
    return JsonArray.of(
        JsonObject.builder()
            .put("group", kind.definition().group())
            .put(
                "kind",
                suffix.isEmpty()
                    ? kind.definition().names().kind()
                    : kind.definition().names().listKind())
            .put("version", kind.version().name())
            .build());
  }

  private static JsonObject textProperty(String description) {
    var property = JsonObject.builder().put("type", "string");
    return (description.isEmpty() ? property : property.put("description", description)).build();
  }

  private static JsonObject reference(String name) {
    return JsonObject.builder().put("$ref", "#/definitions/" + name).build();
  }

  /** The schema with its references in the form of the document; their names are noted. */
  private static JsonObject rewritten(
      JsonObject schema, String referencePrefix, ArrayDeque<String> referred) {
    UnaryOperator<String> reference =
        old -> {
          String name = old.substring(old.lastIndexOf('/') + 1);
          referred.add(name);
          return referencePrefix + name;
        };
    return (JsonObject) rewritten(schema, reference).orElse(schema);
  }

  private static Optional<Json> rewritten(Json value, UnaryOperator<String> reference) {
    return switch (value) {
      case JsonObject o -> {
        var result = JsonObject.builder();
        boolean changed = false;
        for (var member : o.members().entrySet()) {
          Optional<Json> next =
              member.getKey().equals("$ref") && member.getValue() instanceof JsonString(String ref)
                  ? Optional.of(Json.of(reference.apply(ref)))
                  : rewritten(member.getValue(), reference);
          changed |= next.isPresent();
          result.put(member.getKey(), next.orElse(member.getValue()));
        }
        yield changed ? Optional.of(result.build()) : Optional.empty();
      }
      case JsonArray a -> {
        var items = new java.util.ArrayList<Json>();
        boolean changed = false;
        for (Json item : a) {
          Optional<Json> next = rewritten(item, reference);
          changed |= next.isPresent();
          items.add(next.orElse(item));
        }
        yield changed ? Optional.of(new JsonArray(items)) : Optional.empty();
      }
      case Json other -> Optional.empty();
    };
  }
}
