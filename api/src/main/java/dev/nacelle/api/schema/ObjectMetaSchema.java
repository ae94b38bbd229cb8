package dev.nacelle.api.schema;

import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import java.util.Map;

/** The schema of {@code meta/v1 ObjectMeta}, for objects whose own schema leaves metadata out. */
public final class ObjectMetaSchema {
  private static final JsonObject STRING = typed("string");
  private static final JsonObject STRINGS = typed("object").with("additionalProperties", STRING);
  private static final JsonObject TIME = typed("string").with("format", Json.of("date-time"));
  private static final JsonObject INT64 = typed("integer").with("format", Json.of("int64"));

  /** As JSON, to be put into the schema of a custom kind. */
  public static final JsonObject SOURCE = source();

  public static final Schema SCHEMA =
      Schema.parse(
          SOURCE,
          name -> {
            throw new IllegalStateException("no references here");
          });

  private ObjectMetaSchema() {}

  private static JsonObject source() {
    var properties =
        JsonObject.builder()
            .put("annotations", STRINGS)
            .put("creationTimestamp", TIME)
            .put("deletionGracePeriodSeconds", INT64)
            .put("deletionTimestamp", TIME)
            .put(
                "finalizers",
                typed("array")
                    .with("items", STRING)
                    .with("x-kubernetes-list-type", Json.of("set"))
                    .with("x-kubernetes-patch-strategy", Json.of("merge")))
            .put("generateName", STRING)
            .put("generation", INT64)
            .put("labels", STRINGS)
            .put("managedFields", typed("array").with("items", managedFieldsEntry()))
            .put("name", STRING)
            .put("namespace", STRING)
            .put(
                "ownerReferences",
                typed("array")
                    .with("items", ownerReference())
                    .with("x-kubernetes-list-type", Json.of("map"))
                    .with("x-kubernetes-list-map-keys", JsonArray.of(Json.of("uid")))
                    .with("x-kubernetes-patch-strategy", Json.of("merge"))
                    .with("x-kubernetes-patch-merge-key", Json.of("uid")))
            .put("resourceVersion", STRING)
            .put("selfLink", STRING)
            .put("uid", STRING)
            .build();
    return object(properties);
  }

  private static JsonObject ownerReference() {
    return object(
            JsonObject.of(
                Map.of(
                    "apiVersion", STRING,
                    "kind", STRING,
                    "name", STRING,
                    "uid", STRING,
                    "controller", typed("boolean"),
                    "blockOwnerDeletion", typed("boolean"))))
        .with("x-kubernetes-map-type", Json.of("atomic"));
  }

  private static JsonObject managedFieldsEntry() {
    return object(
        JsonObject.of(
            Map.of(
                "apiVersion", STRING,
                "fieldsType", STRING,
                "fieldsV1",
                    typed("object").with("x-kubernetes-preserve-unknown-fields", Json.of(true)),
                "manager", STRING,
                "operation", STRING,
                "subresource", STRING,
                "time", TIME)));
  }

  private static JsonObject object(JsonObject properties) {
    return typed("object").with("properties", properties);
  }

  private static JsonObject typed(String type) {
    return JsonObject.builder().put("type", type).build();
  }
}
