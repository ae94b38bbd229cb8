package dev.nacelle.api.kinds.apps;

import dev.nacelle.api.kinds.core.PodTemplates;
import dev.nacelle.api.kinds.shared.Check;
import dev.nacelle.api.kinds.shared.LabelSelectors;
import dev.nacelle.api.status.FieldError;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonNull;
import dev.nacelle.base.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The rules of kinds that keep a number of pods: replicas, selector, template. Pure. */
final class ReplicatedPods {
  private ReplicatedPods() {}

  /**
   * @param whenEmpty what is said of a selector that selects everything
   */
  static void validate(Check spec, String whenEmpty) {
    List<FieldError> errors = spec.errors();
    spec.notNegative("replicas");
    JsonObject selector = spec.object().object("selector");
    JsonObject template = spec.object().object("template");
    if (!spec.has("selector")) {
      spec.required("selector", "");
    } else {
      LabelSelectors.validate(selector, spec.at("selector"), errors);
      if (LabelSelectors.isEmpty(selector)) {
        spec.invalid("selector", whenEmpty);
      }
    }
    Map<String, String> labels = template.strings("metadata", "labels");
    if (!LabelSelectors.isEmpty(selector) && !LabelSelectors.matches(selector, labels)) {
      errors.add(
          FieldError.invalid(
              spec.at("template.metadata.labels"),
              template.find("metadata", "labels").orElse(JsonNull.NULL),
              "`selector` does not match template `labels`"));
    }
    PodTemplates.validate(template, spec.at("template"), errors);
    String restart = template.string("spec", "restartPolicy").orElse("Always");
    if (!restart.equals("Always")) {
      errors.add(
          FieldError.notSupported(
              spec.at("template.spec.restartPolicy"), Json.of(restart), List.of("Always")));
    }
    if (template.object("spec").has("activeDeadlineSeconds")) {
      errors.add(
          FieldError.forbidden(
              spec.at("template.spec.activeDeadlineSeconds"),
              "activeDeadlineSeconds in ReplicaSet is not Supported"));
    }
  }

  /** Counts are not negative, and no part is more than the whole. */
  static List<FieldError> validateStatus(JsonObject json, List<String> counts) {
    var errors = new ArrayList<FieldError>();
    Check status = Check.of(json, "status", errors);
    status.notNegative("replicas", "observedGeneration");
    status.notNegative(counts.toArray(String[]::new));
    long all = json.integer("replicas").orElse(0);
    for (String count : counts) {
      if (!count.equals("unavailableReplicas") && json.integer(count).orElse(0) > all) {
        status.invalid(count, "cannot be greater than status.replicas");
      }
    }
    if (json.integer("availableReplicas").orElse(0) > json.integer("readyReplicas").orElse(0)) {
      status.invalid("availableReplicas", "cannot be greater than readyReplicas");
    }
    return errors;
  }
}
