package dev.nacelle.api.object;

/**
 * A resource as the URL names it: group, version and lower-case plural ({@code apps}, {@code v1},
 * {@code deployments}); the core group is the empty string.
 */
public record ResourceType(String group, String version, String resource) {

  /** {@code v1} or {@code apps/v1}. */
  public String apiVersion() {
    return group.isEmpty() ? version : group + "/" + version;
  }

  /** {@code pods} or {@code deployments.apps}, as messages name it. */
  public String groupResource() {
    return group.isEmpty() ? resource : resource + "." + group;
  }

  /** The root of this resource's group and version: {@code /api/v1} or {@code /apis/apps/v1}. */
  public String basePath() {
    return group.isEmpty() ? "/api/" + version : "/apis/" + group + "/" + version;
  }

  /** The URL path of the collection; in all namespaces where {@code namespace} is empty. */
  public String collectionPath(String namespace) {
    return basePath() + (namespace.isEmpty() ? "" : "/namespaces/" + namespace) + "/" + resource;
  }

  /** The URL path of one object. */
  public String objectPath(ObjectKey key) {
    return collectionPath(key.namespace()) + "/" + key.name();
  }

  @Override
  public String toString() {
    return apiVersion() + "/" + resource;
  }
}
