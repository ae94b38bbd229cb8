package dev.nacelle.testkit.e2e;

/**
 * A kind that outside writers write and a watch follows.
 *
 * @param path of the collection in the namespace default
 */
record WatchedKind(String apiVersion, String kind, String path) {
  static WatchedKind core(String kind, String plural) {
    return new WatchedKind("v1", kind, "/api/v1/namespaces/default/" + plural);
  }

  static WatchedKind of(String group, String version, String kind, String plural) {
    return new WatchedKind(
        group + "/" + version,
        kind,
        "/apis/" + group + "/" + version + "/namespaces/default/" + plural);
  }
}
