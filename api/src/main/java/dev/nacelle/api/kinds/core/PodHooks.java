package dev.nacelle.api.kinds.core;

import dev.nacelle.api.client.DeleteOptions;
import dev.nacelle.api.kinds.shared.Edit;
import dev.nacelle.api.kinds.shared.Formats;
import dev.nacelle.api.kinds.shared.KindHooks;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.status.FieldError;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonNull;
import dev.nacelle.base.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/** What pods do beyond their schema, as upstream's {@code podStrategy}. */
final class PodHooks implements KindHooks {

  @Override
  public JsonObject applyDefaults(String version, JsonObject object) {
    return PodDefaults.pod(object);
  }

  @Override
  public KubeObject prepareForCreate(Context context, KubeObject object) {
    JsonObject spec = PodDefaults.serviceAccount(object.spec());
    var status =
        JsonObject.builder().put("phase", "Pending").put("qosClass", QualityOfService.of(spec));
    if (!spec.array("schedulingGates").isEmpty()) {
      status.put("conditions", JsonArray.of(gated()));
    }
    KubeObject pod = object.spec() == spec ? object : object.withSpec(spec);
    return KindHooks.withGeneration(pod.withStatus(status.build()), 1);
  }

  @Override
  public KubeObject prepareForUpdate(Context context, KubeObject object, KubeObject old) {
    return KindHooks.updated(object.withSpec(PodDefaults.serviceAccount(object.spec())), old);
  }

  @Override
  public KubeObject prepareForStatusUpdate(Context context, KubeObject object, KubeObject old) {
    KubeObject kept = KindHooks.restored(object, old, "spec");
    Edit status = Edit.of(kept.status());
    old.status().get("qosClass").ifPresent(qos -> status.set("qosClass", qos));
    if (kept.status().has("conditions")) {
      status.set("conditions", probed(kept.status().array("conditions")));
    }
    Edit metadata = Edit.of(kept.metadata());
    for (String name : List.of("ownerReferences", "deletionTimestamp", "generation")) {
      Optional<Json> before = old.metadata().get(name);
      before.ifPresentOrElse(value -> metadata.set(name, value), () -> metadata.remove(name));
    }
    return new KubeObject(
        kept.json().with("metadata", metadata.done()).with("status", status.done()));
  }

  @Override
  public List<FieldError> validateCreate(Context context, KubeObject object) {
    var errors = new ArrayList<FieldError>();
    PodSpecValidation.validatePod(object.spec(), "spec", errors);
    if (!object.spec().array("ephemeralContainers").isEmpty()) {
      errors.add(FieldError.forbidden("spec.ephemeralContainers", "cannot be set on create"));
    }
    if (!object.spec().array("schedulingGates").isEmpty()
        && !object.spec().string("nodeName").orElse("").isEmpty()) {
      errors.add(
          FieldError.forbidden(
              "spec.nodeName", "cannot be set until all schedulingGates have been cleared"));
    }
    return errors;
  }

  @Override
  public List<FieldError> validateUpdate(Context context, KubeObject object, KubeObject old) {
    var errors = new ArrayList<FieldError>();
    PodSpecValidation.validatePod(object.spec(), "spec", errors);
    PodUpdateValidation.validate(object.spec(), old.spec(), errors);
    return errors;
  }

  @Override
  public List<FieldError> validateStatusUpdate(Context context, KubeObject object, KubeObject old) {
    var errors = new ArrayList<FieldError>();
    String nominated = object.status().string("nominatedNodeName").orElse("");
    if (!nominated.isEmpty()) {
      Formats.addInvalid(
          "status.nominatedNodeName", Json.of(nominated), Formats.dnsSubdomain(nominated), errors);
    }
    int index = 0;
    for (JsonObject condition : object.status().array("conditions").objects().toList()) {
      String type = condition.string("type").orElse("");
      Formats.addInvalid(
          "status.conditions[" + index++ + "].type",
          Json.of(type),
          Formats.qualifiedName(type),
          errors);
    }
    if (!object.spec().string("restartPolicy").orElse("").equals("Always")) {
      return errors;
    }
    restarted(object.status(), old.status(), errors);
    return errors;
  }

  /** A container that is restarted always does not stay terminated. */
  private static void restarted(JsonObject status, JsonObject old, List<FieldError> errors) {
    int index = 0;
    for (JsonObject now : status.array("containerStatuses").objects().toList()) {
      String at = "status.containerStatuses[" + index++ + "].state";
      String name = now.string("name").orElse("");
      boolean wasTerminated =
          old.array("containerStatuses")
              .objects()
              .filter(before -> before.string("name").orElse("").equals(name))
              .anyMatch(
                  before ->
                      before.object("state").has("terminated")
                          && before.string("containerID").equals(now.string("containerID")));
      if (wasTerminated && now.object("state").has("running")) {
        errors.add(FieldError.forbidden(at, "may not be transitioned to non-terminated state"));
      }
    }
  }

  @Override
  public List<String> warnings(Context context, KubeObject object, Optional<KubeObject> old) {
    var warnings = new ArrayList<String>();
    List<String> faults = Formats.dnsLabel(object.name());
    if (old.isEmpty() && !faults.isEmpty()) {
      warnings.add(
          "metadata.name: this is used in the Pod's hostname, which can result in surprising"
              + " behavior; a DNS label is recommended: "
              + faults);
    }
    warnings.addAll(PodWarnings.of(object.annotations(), object.spec(), ""));
    return warnings;
  }

  @Override
  public Set<List<String>> resetFields(String subresource) {
    return subresource.equals("status")
        ? Set.of(
            List.of("spec"),
            List.of("metadata", "deletionTimestamp"),
            List.of("metadata", "ownerReferences"))
        : STATUS_FIELDS;
  }

  @Override
  public OptionalLong deletionGrace(KubeObject object, DeleteOptions options) {
    String phase = object.status().string("phase").orElse("");
    boolean scheduled = !object.spec().string("nodeName").orElse("").isEmpty();
    if (!scheduled || phase.equals("Succeeded") || phase.equals("Failed")) {
      return OptionalLong.empty();
    }
    long seconds =
        options
            .gracePeriodSeconds()
            .orElse(object.spec().integer("terminationGracePeriodSeconds").orElse(0));
    if (seconds == 0) {
      return OptionalLong.empty();
    }
    return OptionalLong.of(seconds < 0 ? 1 : seconds);
  }

  /** Upstream writes the time of a probe that never was as null, which a patch cannot say. */
  private static JsonArray probed(JsonArray conditions) {
    var result = new ArrayList<Json>();
    for (Json item : conditions.items()) {
      result.add(
          item instanceof JsonObject condition && !condition.has("lastProbeTime")
              ? condition.with("lastProbeTime", JsonNull.NULL)
              : item);
    }
    return new JsonArray(result);
  }

  private static JsonObject gated() {
    return JsonObject.builder()
        .put("type", "PodScheduled")
        .put("status", "False")
        .put("reason", "SchedulingGated")
        .put("message", "Scheduling is blocked due to non-empty scheduling gates")
        .put("lastProbeTime", JsonNull.NULL)
        .put("lastTransitionTime", JsonNull.NULL)
        .build();
  }
}
