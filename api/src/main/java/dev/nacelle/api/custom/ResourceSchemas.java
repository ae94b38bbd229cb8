package dev.nacelle.api.custom;

import dev.nacelle.api.schema.ObjectMetaSchema;
import dev.nacelle.api.schema.Schema;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;

/** Schemas of custom kinds with type and metadata, which definitions leave implicit. */
final class ResourceSchemas {
  private static final JsonObject STRING = JsonObject.builder().put("type", "string").build();

  private ResourceSchemas() {}

  static Schema withMetadata(JsonObject source) {
    JsonObject properties = source.object("properties");
    JsonObject stated = properties.object("metadata", "properties");
    JsonObject metadata = ObjectMetaSchema.SOURCE;
    for (String name : java.util.List.of("name", "generateName")) {
      if (stated.get(name).orElse(Json.nullValue()) instanceof JsonObject narrower) {
        metadata = metadata.withAt(narrower, "properties", name);
      }
    }
    JsonObject whole =
        properties.toBuilder()
            .put("apiVersion", STRING)
            .put("kind", STRING)
            .put("metadata", metadata)
            .build();
    return Schema.parse(
        source.with("properties", whole),
        name -> {
          throw new IllegalStateException("structural schemas have no references: " + name);
        });
  }
}
