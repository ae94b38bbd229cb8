package dev.nacelle.api.kinds.core;

import dev.nacelle.api.kinds.shared.Edit;
import dev.nacelle.api.object.Quantity;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;
import java.util.List;

/** Upstream's defaults of pods and pod specs ({@code pkg/apis/core/v1/defaults.go}). Pure. */
final class PodDefaults {
  private static final List<String> CONTAINER_LISTS =
      List.of("initContainers", "containers", "ephemeralContainers");

  private PodDefaults() {}

  /** Those of a pod template: {@code SetDefaults_PodSpec} and all below it. */
  static JsonObject spec(JsonObject spec) {
    Edit edit =
        Edit.of(spec)
            .text("dnsPolicy", "ClusterFirst")
            .text("restartPolicy", "Always")
            .text("schedulerName", "default-scheduler")
            .absent("terminationGracePeriodSeconds", Json.of(30))
            .absent("securityContext", JsonObject.EMPTY)
            .each("volumes", VolumeDefaults::volume)
            .in("overhead", PodDefaults::quantities)
            .in("resources", PodDefaults::resources);
    for (String list : CONTAINER_LISTS) {
      edit.each(list, ContainerDefaults::container);
    }
    return serviceAccount(edit.done());
  }

  /** Those of a pod: its spec's, and what only pods have. */
  static JsonObject pod(JsonObject pod) {
    return Edit.of(pod).in("spec", spec -> podOnly(spec(spec))).done();
  }

  /** The old name of the field is written with the new one, and read where that is absent. */
  static JsonObject serviceAccount(JsonObject spec) {
    String name =
        spec.string("serviceAccountName")
            .filter(n -> !n.isEmpty())
            .or(() -> spec.string("serviceAccount"))
            .orElse("");
    return name.isEmpty()
        ? spec
        : Edit.of(spec)
            .set("serviceAccountName", Json.of(name))
            .set("serviceAccount", Json.of(name))
            .done();
  }

  /** Resource lists in their canonical form; what is no quantity is left for validation. */
  static JsonObject resources(JsonObject resources) {
    return Edit.of(resources)
        .in("limits", PodDefaults::quantities)
        .in("requests", PodDefaults::quantities)
        .done();
  }

  static JsonObject quantities(JsonObject list) {
    Edit edit = Edit.of(list);
    list.members()
        .forEach(
            (name, value) ->
                Quantity.read(value).ifPresent(q -> edit.set(name, Json.of(q.toString()))));
    return edit.done();
  }

  private static JsonObject podOnly(JsonObject spec) {
    boolean hostNetwork = spec.bool("hostNetwork").orElse(false);
    Edit edit = Edit.of(spec).absent("enableServiceLinks", Json.of(true));
    edit.in("resources", PodDefaults::requestsFromLimits);
    for (String list : List.of("initContainers", "containers")) {
      edit.each(list, container -> container(container, hostNetwork));
    }
    return edit.done();
  }

  private static JsonObject container(JsonObject container, boolean hostNetwork) {
    Edit edit = Edit.of(container).in("resources", PodDefaults::requestsFromLimits);
    if (hostNetwork) {
      edit.each(
          "ports",
          port -> Edit.of(port).number("hostPort", port.integer("containerPort").orElse(0)).done());
    }
    return edit.done();
  }

  private static JsonObject requestsFromLimits(JsonObject resources) {
    JsonObject limits = resources.object("limits");
    if (limits.isEmpty()) {
      return resources;
    }
    Edit requests = Edit.of(resources.object("requests"));
    limits.members().forEach(requests::absent);
    return Edit.of(resources).set("requests", requests.done()).done();
  }
}
