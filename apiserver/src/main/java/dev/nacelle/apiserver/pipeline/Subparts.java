package dev.nacelle.apiserver.pipeline;

import dev.nacelle.api.kinds.certificates.CertificateSigningRequestKind;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.status.FieldError;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * What a write to one of the lesser subresources may change: everything else is as before. The
 * object itself and its status are the modification's own matter.
 */
final class Subparts {
  private Subparts() {}

  /** What is wrong with a write to one of the lesser subresources, as upstream words it. */
  static List<FieldError> faults(Target target, KubeObject object, KubeObject old) {
    return switch (target.subresource()) {
      case "approval" -> CertificateSigningRequestKind.approvalFaults(object, old);
      case "ephemeralcontainers" -> EphemeralContainers.faults(object, old);
      default -> List.of();
    };
  }

  static KubeObject merged(Target target, KubeObject sent, KubeObject old, Instant now) {
    return switch (target.subresource()) {
      case "finalize" -> with(sent, old, List.of("spec", "finalizers"));
      case "ephemeralcontainers" -> with(sent, old, List.of("spec", "ephemeralContainers"));
      case "resize" -> resized(sent, old);
      case "approval" -> precondition(CertificateSigningRequestKind.approved(sent, old, now), sent);
      default -> sent;
    };
  }

  private static KubeObject with(KubeObject sent, KubeObject old, List<String> path) {
    String[] steps = path.toArray(String[]::new);
    JsonObject json =
        sent.json()
            .find(steps)
            .map(value -> old.json().withAt(value, steps))
            .orElseGet(() -> old.json().withoutAt(steps));
    return precondition(new KubeObject(json), sent);
  }

  /** Only the resources of containers, and their resize policies. */
  private static KubeObject resized(KubeObject sent, KubeObject old) {
    KubeObject result = old;
    for (String list : List.of("containers", "initContainers")) {
      JsonArray before = old.json().array("spec", list);
      if (before.isEmpty()) {
        continue;
      }
      var containers = new ArrayList<Json>();
      before
          .objects()
          .forEach(
              container ->
                  containers.add(
                      sent.json()
                          .array("spec", list)
                          .objects()
                          .filter(c -> c.string("name").equals(container.string("name")))
                          .findFirst()
                          .map(c -> withResources(container, c))
                          .orElse(container)));
      result = new KubeObject(result.json().withAt(new JsonArray(containers), "spec", list));
    }
    return precondition(result, sent);
  }

  private static JsonObject withResources(JsonObject container, JsonObject sent) {
    return container.toBuilder()
        .remove("resources")
        .remove("resizePolicy")
        .putIf("resources", sent.get("resources"))
        .putIf("resizePolicy", sent.get("resizePolicy"))
        .build();
  }

  private static KubeObject precondition(KubeObject object, KubeObject sent) {
    return sent.resourceVersion().isEmpty()
        ? object
        : object.withMetadata("resourceVersion", Json.of(sent.resourceVersion()));
  }
}
