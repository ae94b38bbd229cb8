package dev.nacelle.api.client;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Who asks: {@code authentication.k8s.io UserInfo}. */
public record Identity(
    String user, String uid, List<String> groups, Map<String, List<String>> extra) {
  public static final String AUTHENTICATED = "system:authenticated";
  public static final String UNAUTHENTICATED = "system:unauthenticated";
  public static final String MASTERS = "system:masters";
  public static final Identity ANONYMOUS = of("system:anonymous", UNAUTHENTICATED);

  public Identity {
    groups = List.copyOf(groups);
    extra = Map.copyOf(extra);
  }

  public static Identity of(String user, String... groups) {
    return new Identity(user, "", List.of(groups), Map.of());
  }

  /**
   * A part of the platform that may do everything, such as the API server's own loop-back client.
   */
  public static Identity system(String name) {
    return of("system:" + name, MASTERS, AUTHENTICATED);
  }

  /** A controller of the platform: {@code system:serviceaccount:kube-system:NAME}. */
  public static Identity controller(String name) {
    return of(
        "system:serviceaccount:kube-system:" + name,
        "system:serviceaccounts",
        "system:serviceaccounts:kube-system",
        AUTHENTICATED);
  }

  /** A node: {@code system:node:NAME}. */
  public static Identity node(String name) {
    return of("system:node:" + name, "system:nodes", AUTHENTICATED);
  }

  public boolean isIn(String group) {
    return groups.contains(group);
  }

  /** This identity with one more group. */
  public Identity plusGroup(String group) {
    return new Identity(
        user, uid, Stream.concat(groups.stream(), Stream.of(group)).distinct().toList(), extra);
  }
}
