package dev.nacelle.node.pod;

import dev.nacelle.base.json.JsonObject;
import java.util.Optional;

/** A container of a pod's specification. */
public record ContainerView(JsonObject json, Role role) {

  /** When it runs. */
  public enum Role {
    /** To its end, before the next. */
    INIT,
    /** From its place among the init containers on, beside all that follow. */
    SIDECAR,
    REGULAR
  }

  public String name() {
    return json.string("name").orElse("");
  }

  public String image() {
    return json.string("image").orElse("");
  }

  /** The container's own policy, where it states one, else what its role and the pod say. */
  public RestartPolicy restartPolicy(PodView pod) {
    return switch (role) {
      case SIDECAR -> RestartPolicy.ALWAYS;
      case INIT ->
          json.string("restartPolicy")
              .map(RestartPolicy::of)
              .orElse(
                  pod.restartPolicy() == RestartPolicy.NEVER
                      ? RestartPolicy.NEVER
                      : RestartPolicy.ON_FAILURE);
      case REGULAR ->
          json.string("restartPolicy").map(RestartPolicy::of).orElseGet(pod::restartPolicy);
    };
  }

  /** The probe of that kind: livenessProbe, readinessProbe or startupProbe. */
  public Optional<JsonObject> probe(String kind) {
    JsonObject probe = json.object(kind);
    return probe.isEmpty() ? Optional.empty() : Optional.of(probe);
  }

  /** The path of this container in the pod, for events. */
  public String fieldPath() {
    return (role == Role.REGULAR ? "spec.containers{" : "spec.initContainers{") + name() + "}";
  }
}
