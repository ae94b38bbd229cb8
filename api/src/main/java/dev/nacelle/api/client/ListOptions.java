package dev.nacelle.api.client;

/**
 * What to list or to watch. Empty strings say "not given", as in the query of a request.
 *
 * @param namespace all namespaces where empty
 * @param limit no limit where 0
 */
public record ListOptions(
    String namespace,
    String labelSelector,
    String fieldSelector,
    String resourceVersion,
    String resourceVersionMatch,
    long limit,
    String continueToken) {
  public static final ListOptions ALL = new ListOptions("", "", "", "", "", 0, "");

  public static ListOptions inNamespace(String namespace) {
    return new ListOptions(namespace, "", "", "", "", 0, "");
  }

  public ListOptions withLabelSelector(String selector) {
    return new ListOptions(
        namespace,
        selector,
        fieldSelector,
        resourceVersion,
        resourceVersionMatch,
        limit,
        continueToken);
  }

  public ListOptions withFieldSelector(String selector) {
    return new ListOptions(
        namespace,
        labelSelector,
        selector,
        resourceVersion,
        resourceVersionMatch,
        limit,
        continueToken);
  }

  /** From this revision on (a watch), or as the match says (a list). */
  public ListOptions from(String revision) {
    return new ListOptions(
        namespace,
        labelSelector,
        fieldSelector,
        revision,
        resourceVersionMatch,
        limit,
        continueToken);
  }

  public ListOptions page(long size, String token) {
    return new ListOptions(
        namespace,
        labelSelector,
        fieldSelector,
        resourceVersion,
        resourceVersionMatch,
        size,
        token);
  }
}
