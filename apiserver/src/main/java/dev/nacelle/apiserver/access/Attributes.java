package dev.nacelle.apiserver.access;

import dev.nacelle.api.client.Identity;

/**
 * What somebody wants to do, as an authorizer judges it: {@code authorization.k8s.io}'s attributes.
 *
 * @param verb get, list, watch, create, update, patch, delete, deletecollection, or a special one
 *     (impersonate, bind, escalate, ...); for a path the method in lower case
 */
public record Attributes(Identity identity, String verb, Target target) {

  /** What it is done to. */
  public sealed interface Target {}

  /**
   * A resource.
   *
   * @param namespace empty for cluster-scoped resources and for all namespaces
   * @param subresource empty for the object itself
   * @param name empty where the request names no object
   */
  public record Resource(
      String group,
      String version,
      String resource,
      String subresource,
      String namespace,
      String name)
      implements Target {

    /** {@code pods} or {@code pods/log}, as a rule names it. */
    public String resourceAndSubresource() {
      return subresource.isEmpty() ? resource : resource + "/" + subresource;
    }
  }

  /** A path that is no resource, such as {@code /healthz}. */
  public record Path(String path) implements Target {}

  /**
   * The words of a refusal, after the name of the object: {@code User "u" cannot get resource
   * "pods" in API group "" in the namespace "n"}.
   */
  public String refusal() {
    String who = "User \"" + identity.user() + "\" cannot " + verb + " ";
    return switch (target) {
      case Path(String path) -> who + "path \"" + path + "\"";
      case Resource r ->
          who
              + "resource \""
              + r.resourceAndSubresource()
              + "\" in API group \""
              + r.group()
              + "\""
              + (r.namespace().isEmpty()
                  ? " at the cluster scope"
                  : " in the namespace \"" + r.namespace() + "\"");
    };
  }
}
