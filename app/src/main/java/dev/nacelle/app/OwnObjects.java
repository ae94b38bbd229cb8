package dev.nacelle.app;

import dev.nacelle.api.client.ApiClient;
import dev.nacelle.api.client.Patch;
import dev.nacelle.api.client.WriteOptions;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.ResourceType;
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
