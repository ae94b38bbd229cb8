package dev.nacelle.api.kinds.core;

import dev.nacelle.api.kinds.shared.MetadataValidation;
import dev.nacelle.api.status.FieldError;
import dev.nacelle.base.json.JsonObject;
import java.util.List;

/** What holds for pod templates, whatever kind they are part of. Pure. */
public final class PodTemplates {
  private PodTemplates() {}

  /** A template with upstream's defaults of pod specs filled in; idempotent. */
  public static JsonObject withDefaults(JsonObject template) {
    JsonObject spec = template.object("spec");
    JsonObject filled = PodDefaults.spec(spec);
    return filled == spec ? template : template.with("spec", filled);
  }

  /** Adds what is wrong with a template. */
  public static void validate(JsonObject template, String path, List<FieldError> errors) {
    MetadataValidation.labels(
        template.strings("metadata", "labels"), path + ".metadata.labels", errors);
    MetadataValidation.annotations(
        template.strings("metadata", "annotations"), path + ".metadata.annotations", errors);
    PodSpecValidation.validate(template.object("spec"), path + ".spec", errors);
    if (!template.object("spec").array("ephemeralContainers").isEmpty()) {
      errors.add(
          FieldError.forbidden(
              path + ".spec.ephemeralContainers",
              "ephemeral containers not allowed in pod template"));
    }
  }

  /** Texts for Warning headers. */
  public static List<String> warnings(JsonObject template, String path) {
    return PodWarnings.of(
        template.strings("metadata", "annotations"), template.object("spec"), path);
  }
}
