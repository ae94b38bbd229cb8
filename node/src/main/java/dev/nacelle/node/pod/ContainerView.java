package dev.nacelle.node.pod;

import dev.nacelle.api.object.Quantity;
import dev.nacelle.base.json.JsonNumber;
import dev.nacelle.base.json.JsonObject;
import java.util.Optional;

/** A container of a pod's specification. */
public record ContainerView(JsonObject json, Role role) {

  /** When it runs. */
  public enum Role {
    /** To its end, before the next. */
    INIT("spec.initContainers{"),
    /** From its place among the init containers on, beside all that follow. */
    SIDECAR("spec.initContainers{"),
    REGULAR("spec.containers{"),
    /** Added to a running pod; started once and never again. */
    EPHEMERAL("spec.ephemeralContainers{");

    private final String path;

    Role(String path) {
      this.path = path;
    }
  }

  public String name() {
    return json.string("name").orElse("");
  }

  public String image() {
    return json.string("image").orElse("");
  }

  /** Whether the container starts again after it ended: its own rules, its policy, the pod's. */
  public boolean restartsAfter(PodView pod, int exitCode) {
    if (role == Role.EPHEMERAL) {
      return false;
    }
    for (JsonObject rule : json.array("restartPolicyRules").objects().toList()) {
      if (rule.string("action").filter("Restart"::equals).isPresent()
          && matches(rule.object("exitCodes"), exitCode)) {
        return true;
      }
    }
    return restartPolicy(pod).restartsAfter(exitCode);
  }

  private static boolean matches(JsonObject exitCodes, int exitCode) {
    boolean listed =
        exitCodes.array("values").items().stream()
            .anyMatch(v -> v instanceof JsonNumber n && n.longValue() == exitCode);
    return exitCodes.string("operator").orElse("").equals("NotIn") != listed
        && !exitCodes.isEmpty();
  }

  /** The container's own policy, where it states one, else what its role and the pod say. */
  private RestartPolicy restartPolicy(PodView pod) {
    return switch (role) {
      case SIDECAR -> RestartPolicy.ALWAYS;
      case EPHEMERAL -> RestartPolicy.NEVER;
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

  /** What it asks for of a resource, where it states that. */
  public Optional<Quantity> request(String resource) {
    return json.find("resources", "requests", resource).flatMap(Quantity::read);
  }

  /** The most it may have of a resource, where it states that. */
  public Optional<Quantity> limit(String resource) {
    return json.find("resources", "limits", resource).flatMap(Quantity::read);
  }

  /** The path of this container in the pod, for events. */
  public String fieldPath() {
    return role.path + name() + "}";
  }
}
