package dev.nacelle.testkit.e2e;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;

/**
 * A kind that outside writers write and a watch follows.
 *
 * @param path of the collection in the namespace default
 * @param rest what an object must have besides its metadata
 */
record WatchedKind(String apiVersion, String kind, String path, JsonObject rest) {
  static WatchedKind core(String kind, String plural) {
    return new WatchedKind("v1", kind, "/api/v1/namespaces/default/" + plural, JsonObject.EMPTY);
  }

  static WatchedKind of(String group, String version, String kind, String plural) {
    return new WatchedKind(
        group + "/" + version,
        kind,
        "/apis/" + group + "/" + version + "/namespaces/default/" + plural,
        JsonObject.EMPTY);
  }

  /** With fields that its objects must have. */
  WatchedKind with(String json) {
    return new WatchedKind(apiVersion, kind, path, JsonReader.readObject(Bytes.utf8(json)));
  }

  @Override
  public String toString() {
    return kind;
  }
}
