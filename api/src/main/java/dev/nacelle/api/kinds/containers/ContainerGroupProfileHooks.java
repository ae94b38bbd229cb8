package dev.nacelle.api.kinds.containers;

import dev.nacelle.api.kinds.core.PodTemplates;
import dev.nacelle.api.kinds.shared.Check;
import dev.nacelle.api.kinds.shared.Edit;
import dev.nacelle.api.kinds.shared.KindHooks;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.status.FieldError;
import dev.nacelle.base.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What profiles do beyond their schema. */
final class ContainerGroupProfileHooks implements KindHooks {

  @Override
  public JsonObject applyDefaults(String version, JsonObject object) {
    return Edit.of(object)
        .in("spec", spec -> Edit.of(spec).in("template", PodTemplates::withDefaults).done())
        .done();
  }

  @Override
  public KubeObject prepareForCreate(Context context, KubeObject object) {
    return KindHooks.created(object);
  }

  @Override
  public KubeObject prepareForUpdate(Context context, KubeObject object, KubeObject old) {
    return KindHooks.updated(object, old);
  }

  @Override
  public KubeObject prepareForStatusUpdate(Context context, KubeObject object, KubeObject old) {
    return KindHooks.restored(object, old, "spec");
  }

  @Override
  public List<FieldError> validateCreate(Context context, KubeObject object) {
    var errors = new ArrayList<FieldError>();
    Check spec = Check.of(object.spec(), "spec", errors);
    if (!spec.has("template")) {
      spec.required("template", "");
    } else {
      PodTemplates.validate(object.spec().object("template"), "spec.template", errors);
      reservedLabels(object, errors);
    }
    return errors;
  }

  @Override
  public List<FieldError> validateUpdate(Context context, KubeObject object, KubeObject old) {
    return validateCreate(context, object);
  }

  @Override
  public List<FieldError> validateStatusUpdate(Context context, KubeObject object, KubeObject old) {
    var errors = new ArrayList<FieldError>();
    Check.of(object.status(), "status", errors).notNegative("revision", "observedGeneration");
    return errors;
  }

  @Override
  public List<String> warnings(Context context, KubeObject object, Optional<KubeObject> old) {
    return PodTemplates.warnings(object.spec().object("template"), "spec.template");
  }

  @Override
  public Set<List<String>> resetFields(String subresource) {
    return subresource.equals("status") ? SPEC_FIELDS : STATUS_FIELDS;
  }

  private static void reservedLabels(KubeObject profile, List<FieldError> errors) {
    String prefix = "containers.nacelle.dev/";
    profile
        .spec()
        .strings("template", "metadata", "labels")
        .keySet()
        .forEach(
            key -> {
              if (key.startsWith(prefix)) {
                errors.add(
                    FieldError.forbidden(
                        "spec.template.metadata.labels[" + key + "]",
                        "labels that begin with " + prefix + " are set by the platform"));
              }
            });
  }
}
