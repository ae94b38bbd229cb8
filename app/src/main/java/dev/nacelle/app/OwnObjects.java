package dev.nacelle.app;

import dev.nacelle.api.client.ApiClient;
import dev.nacelle.api.client.Patch;
import dev.nacelle.api.client.WriteOptions;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.ResourceType;
import dev.nacelle.api.object.Resources;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import java.util.Map;
import java.util.Optional;

/** Writes the objects that the platform itself keeps in the API. Safe for any thread. */
final class OwnObjects {
  private final ApiClient client;
  private final WriteOptions options;

  OwnObjects(ApiClient client, String fieldManager) {
    this.client = client;
    this.options = WriteOptions.by(fieldManager).forced();
  }

  /** Applies the object, unless the one that is there says all of it already. */
  void put(ResourceType type, JsonObject wanted) {
    ObjectKey key = new KubeObject(wanted).key();
    Optional<KubeObject> present = client.find(type, key);
    if (present.isEmpty() || !says(present.get().json(), wanted)) {
      apply(type, wanted);
    }
  }

  /**
   * Applies a ConfigMap, unless the one that is there has these labels and this very data: what an
   * earlier one of ours had besides is taken away.
   */
  void putConfigMap(ObjectKey key, Map<String, String> labels, Map<String, String> data) {
    JsonObject wanted =
        JsonObject.builder()
            .put("apiVersion", "v1")
            .put("kind", "ConfigMap")
            .put("metadata", metadata(key, labels))
            .putStrings("data", data)
            .build();
    boolean same =
        client
            .find(Resources.CONFIG_MAPS, key)
            .map(KubeObject::json)
            .filter(present -> says(present, wanted))
            .filter(present -> present.object("data").equals(wanted.object("data")))
            .isPresent();
    if (!same) {
      apply(Resources.CONFIG_MAPS, wanted);
    }
  }

  private static JsonObject metadata(ObjectKey key, Map<String, String> labels) {
    JsonObject.Builder metadata =
        JsonObject.builder().put("name", key.name()).put("namespace", key.namespace());
    if (!labels.isEmpty()) {
      metadata.putStrings("labels", labels);
    }
    return metadata.build();
  }

  /** Applies the object: what an earlier one of ours had and this one lacks is taken away. */
  void apply(ResourceType type, JsonObject wanted) {
    client.patch(type, new KubeObject(wanted).key(), Patch.apply(wanted), options);
  }

  /** Whether every member that is wanted is there with its value; what else is there is others'. */
  static boolean says(Json present, Json wanted) {
    return switch (wanted) {
      case JsonObject object -> present instanceof JsonObject there && saysAll(there, object);
      case JsonArray array -> present instanceof JsonArray there && saysEach(there, array);
      case Json value -> value.equals(present);
    };
  }

  private static boolean saysAll(JsonObject present, JsonObject wanted) {
    for (Map.Entry<String, Json> member : wanted.members().entrySet()) {
      Optional<Json> there = present.get(member.getKey());
      if (there.isEmpty() || !says(there.get(), member.getValue())) {
        return false;
      }
    }
    return true;
  }

  private static boolean saysEach(JsonArray present, JsonArray wanted) {
    if (present.size() != wanted.size()) {
      return false;
    }
    for (int i = 0; i < wanted.size(); i++) {
      if (!says(present.get(i), wanted.get(i))) {
        return false;
      }
    }
    return true;
  }
}
