package dev.nacelle.api.object;

/** A kind in one version of its group; the core group is the empty string. */
public record GroupVersionKind(String group, String version, String kind) {

  /** Reads the {@code apiVersion} of an object; an absent group is the core group. */
  public static GroupVersionKind of(String apiVersion, String kind) {
    int slash = apiVersion.indexOf('/');
    return slash < 0
        ? new GroupVersionKind("", apiVersion, kind)
        : new GroupVersionKind(
            apiVersion.substring(0, slash), apiVersion.substring(slash + 1), kind);
  }

  /** {@code v1} or {@code apps/v1}. */
  public String apiVersion() {
    return group.isEmpty() ? version : group + "/" + version;
  }
}
