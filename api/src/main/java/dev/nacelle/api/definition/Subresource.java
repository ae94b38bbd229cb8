package dev.nacelle.api.definition;

import dev.nacelle.api.object.GroupVersionKind;
import java.util.List;
import java.util.Optional;

/**
 * A subresource as discovery lists it.
 *
 * @param kind of the body, where it is not the kind itself (Scale, Binding, Eviction, TokenRequest,
 *     PodExecOptions, ...)
 */
public record Subresource(String name, Optional<GroupVersionKind> kind, List<String> verbs) {
  public static final Subresource STATUS =
      new Subresource("status", Optional.empty(), List.of("get", "patch", "update"));
  public static final Subresource SCALE =
      new Subresource(
          "scale",
          Optional.of(new GroupVersionKind("autoscaling", "v1", "Scale")),
          List.of("get", "patch", "update"));

  public Subresource {
    verbs = List.copyOf(verbs);
  }
}
