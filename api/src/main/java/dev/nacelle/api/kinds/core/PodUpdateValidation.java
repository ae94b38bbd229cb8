package dev.nacelle.api.kinds.core;

import dev.nacelle.api.status.FieldError;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonNull;
import dev.nacelle.base.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/** What an update of a pod may change, as upstream's {@code ValidatePodUpdate}. Pure. */
final class PodUpdateValidation {
  private static final String FORBIDDEN =
      "pod updates may not change fields other than `spec.containers[*].image`,"
          + "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only"
          + " additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to"
          + " be set to 1 if it was previously negative)";

  private PodUpdateValidation() {}

  static void validate(JsonObject spec, JsonObject old, List<FieldError> errors) {
    for (String list : List.of("containers", "initContainers")) {
      if (spec.array(list).size() != old.array(list).size()) {
        errors.add(
            FieldError.forbidden("spec." + list, "pod updates may not add or remove containers"));
        return;
      }
    }
    deadline(spec, old, errors);
    tolerations(spec, old, errors);
    gates(spec, old, errors);
    if (!munged(spec, old).equals(old)) {
      errors.add(FieldError.forbidden("spec", FORBIDDEN));
    }
  }

  /** The new spec, with all that may change put back as it was. */
  private static JsonObject munged(JsonObject spec, JsonObject old) {
    JsonObject result = spec;
    for (String list : List.of("containers", "initContainers")) {
      result = withOldImages(result, old, list);
    }
    for (String free : List.of("activeDeadlineSeconds", "tolerations", "schedulingGates")) {
      result = restored(result, old, free);
    }
    OptionalLong grace = old.integer("terminationGracePeriodSeconds");
    if (grace.orElse(0) < 0 && spec.integer("terminationGracePeriodSeconds").orElse(0) == 1) {
      result = restored(result, old, "terminationGracePeriodSeconds");
    }
    if (!old.array("schedulingGates").isEmpty()) {
      result = restored(restored(result, old, "nodeSelector"), old, "affinity");
    }
    return result;
  }

  private static JsonObject withOldImages(JsonObject spec, JsonObject old, String list) {
    if (!spec.has(list)) {
      return spec;
    }
    var items = new ArrayList<Json>();
    for (int i = 0; i < spec.array(list).size(); i++) {
      Json item = spec.array(list).get(i);
      Json before = old.array(list).get(i);
      items.add(
          item instanceof JsonObject now && before instanceof JsonObject then
              ? restored(now, then, "image")
              : item);
    }
    return spec.with(list, new JsonArray(items));
  }

  private static JsonObject restored(JsonObject object, JsonObject old, String name) {
    return old.get(name).map(value -> object.with(name, value)).orElse(object.without(name));
  }

  private static void deadline(JsonObject spec, JsonObject old, List<FieldError> errors) {
    OptionalLong before = old.integer("activeDeadlineSeconds");
    OptionalLong now = spec.integer("activeDeadlineSeconds");
    if (before.isPresent() && now.isEmpty()) {
      errors.add(
          FieldError.invalid(
              "spec.activeDeadlineSeconds",
              JsonNull.NULL,
              "must not update from a positive integer to nil value"));
    } else if (before.isPresent() && now.getAsLong() > before.getAsLong()) {
      errors.add(
          FieldError.invalid(
              "spec.activeDeadlineSeconds",
              Json.of(now.getAsLong()),
              "must be less than or equal to previous value"));
    }
  }

  /** Old tolerations stay, but for how long they tolerate. */
  private static void tolerations(JsonObject spec, JsonObject old, List<FieldError> errors) {
    List<JsonObject> now =
        spec.array("tolerations").objects().map(t -> t.without("tolerationSeconds")).toList();
    boolean kept =
        old.array("tolerations")
            .objects()
            .map(t -> t.without("tolerationSeconds"))
            .allMatch(now::contains);
    if (!kept) {
      errors.add(
          FieldError.forbidden(
              "spec.tolerations",
              "existing toleration can not be modified except its tolerationSeconds"));
    }
  }

  private static void gates(JsonObject spec, JsonObject old, List<FieldError> errors) {
    List<Json> before = old.array("schedulingGates").items();
    if (!before.containsAll(spec.array("schedulingGates").items())) {
      errors.add(
          FieldError.forbidden(
              "spec.schedulingGates", "only deletion is allowed, but found new scheduling gates"));
    }
  }
}
