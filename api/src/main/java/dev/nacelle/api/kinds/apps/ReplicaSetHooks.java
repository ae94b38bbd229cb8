package dev.nacelle.api.kinds.apps;

import dev.nacelle.api.kinds.core.PodTemplates;
import dev.nacelle.api.kinds.shared.Check;
import dev.nacelle.api.kinds.shared.Edit;
import dev.nacelle.api.kinds.shared.KindHooks;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.status.FieldError;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What ReplicaSets do beyond their schema. */
final class ReplicaSetHooks implements KindHooks {

  @Override
  public JsonObject applyDefaults(String version, JsonObject object) {
    return Edit.of(object)
        .absent("spec", JsonObject.EMPTY)
        .in(
            "spec",
            spec ->
                Edit.of(spec)
                    .absent("replicas", Json.of(1))
                    .in("template", PodTemplates::withDefaults)
                    .done())
        .done();
  }

  @Override
  public KubeObject prepareForCreate(Context context, KubeObject object) {
    JsonObject status = JsonObject.builder().put("replicas", 0).build();
    return KindHooks.withGeneration(object.withStatus(status), 1);
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
    ReplicatedPods.validate(spec, "empty selector is invalid for deployment");
    spec.notNegative("minReadySeconds");
    return errors;
  }

  @Override
  public List<FieldError> validateUpdate(Context context, KubeObject object, KubeObject old) {
    var errors = new ArrayList<>(validateCreate(context, object));
    Check.of(object.spec(), "spec", errors).immutable("selector", old.spec());
    return errors;
  }

  @Override
  public List<FieldError> validateStatusUpdate(Context context, KubeObject object, KubeObject old) {
    return ReplicatedPods.validateStatus(
        object.status(), List.of("fullyLabeledReplicas", "readyReplicas", "availableReplicas"));
  }

  @Override
  public List<String> warnings(Context context, KubeObject object, Optional<KubeObject> old) {
    return PodTemplates.warnings(object.spec().object("template"), "spec.template");
  }

  @Override
  public Set<List<String>> resetFields(String subresource) {
    return subresource.equals("status") ? SPEC_FIELDS : STATUS_FIELDS;
  }
}
