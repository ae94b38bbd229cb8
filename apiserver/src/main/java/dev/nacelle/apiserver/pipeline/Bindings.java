package dev.nacelle.apiserver.pipeline;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** A pod's assignment to a node. */
final class Bindings {
  private Bindings() {}

  /** The pod with its node and the condition PodScheduled, in one change. */
  static KubeObject bound(Target target, KubeObject pod, JsonObject binding, Instant now) {
    String node = binding.string("target", "name").orElse("");
    String kind = binding.string("target", "kind").orElse("");
    if (node.isEmpty() || (!kind.isEmpty() && !kind.equals("Node") && !kind.equals("Minion"))) {
      throw ApiException.badRequest("a binding needs target.kind Node and target.name");
    }
    String uid = binding.string("metadata", "uid").orElse("");
    if (!uid.isEmpty() && !uid.equals(pod.uid())) {
      throw conflict(
          target,
          "Precondition failed: UID in precondition: "
              + uid
              + ", UID in object meta: "
              + pod.uid());
    }
    if (pod.isBeingDeleted()) {
      throw conflict(
          target, "pod " + pod.name() + " is being deleted, cannot be assigned to a host");
    }
    String present = pod.spec().string("nodeName").orElse("");
    if (!present.isEmpty()) {
      throw conflict(
          target, "pod " + pod.name() + " is already assigned to node \"" + present + "\"");
    }
    if (!pod.spec().array("schedulingGates").isEmpty()) {
      throw conflict(target, "pod " + pod.name() + " has non-empty .spec.schedulingGates");
    }
    KubeObject result = pod.withSpec(pod.spec().with("nodeName", Json.of(node)));
    var annotations = binding.strings("metadata", "annotations");
    for (var entry : annotations.entrySet()) {
      result = result.withAnnotation(entry.getKey(), entry.getValue());
    }
    return result.withStatus(scheduled(result.status(), now));
  }

  private static JsonObject scheduled(JsonObject status, Instant now) {
    var conditions = new ArrayList<Json>();
    status
        .array("conditions")
        .objects()
        .filter(c -> !c.string("type").orElse("").equals("PodScheduled"))
        .forEach(conditions::add);
    conditions.add(
        JsonObject.builder()
            .put("type", "PodScheduled")
            .put("status", "True")
            .put("lastProbeTime", Json.nullValue())
            .put("lastTransitionTime", KubeObject.formatTime(now))
            .build());
    return status.with("conditions", new JsonArray(List.copyOf(conditions)));
  }

  private static ApiException conflict(Target target, String why) {
    return ApiException.conflict(
        new dev.nacelle.api.object.ResourceType("", "v1", "pods/binding"), target.name(), why);
  }
}
