package dev.nacelle.api.kinds.core;

import dev.nacelle.api.kinds.shared.Edit;
import dev.nacelle.api.kinds.shared.Formats;
import dev.nacelle.api.kinds.shared.KindHooks;
import dev.nacelle.api.kinds.shared.NameRule;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.status.FieldError;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** What namespaces do beyond their schema. */
final class NamespaceHooks implements KindHooks {
  private static final String NAME_LABEL = "kubernetes.io/metadata.name";
  private static final String FINALIZER = "kubernetes";

  @Override
  public NameRule nameRule() {
    return NameRule.DNS_LABEL;
  }

  /** A namespace always bears its name as a label. */
  @Override
  public JsonObject applyDefaults(String version, JsonObject object) {
    String name = object.string("metadata", "name").orElse("");
    if (name.isEmpty()) {
      return object;
    }
    return Edit.of(object)
        .in(
            "metadata",
            metadata ->
                Edit.of(metadata)
                    .absent("labels", JsonObject.EMPTY)
                    .in("labels", labels -> Edit.of(labels).set(NAME_LABEL, Json.of(name)).done())
                    .done())
        .done();
  }

  @Override
  public KubeObject prepareForCreate(Context context, KubeObject object) {
    JsonObject labelled = applyDefaults(context.version(), object.json());
    List<String> finalizers = new ArrayList<>(object.spec().array("finalizers").strings().toList());
    if (!finalizers.contains(FINALIZER)) {
      finalizers.add(FINALIZER);
    }
    return new KubeObject(labelled)
        .withSpec(object.spec().with("finalizers", JsonArray.ofStrings(finalizers)))
        .withStatus(JsonObject.builder().put("phase", "Active").build());
  }

  /** Finalizers change through the finalize subresource only. */
  @Override
  public KubeObject prepareForUpdate(Context context, KubeObject object, KubeObject old) {
    KubeObject kept = KindHooks.restored(object, old, "status");
    return old.spec().isEmpty()
        ? KindHooks.restored(kept, old, "spec")
        : kept.withSpec(
            old.spec()
                .get("finalizers")
                .map(finalizers -> kept.spec().with("finalizers", finalizers))
                .orElse(kept.spec().without("finalizers")));
  }

  @Override
  public KubeObject prepareForStatusUpdate(Context context, KubeObject object, KubeObject old) {
    return KindHooks.restored(object, old, "spec");
  }

  @Override
  public List<FieldError> validateCreate(Context context, KubeObject object) {
    var errors = new ArrayList<FieldError>();
    for (String finalizer : object.spec().array("finalizers").strings().toList()) {
      Formats.addInvalid(
          "spec.finalizers", Json.of(finalizer), Formats.qualifiedName(finalizer), errors);
    }
    return errors;
  }

  @Override
  public List<FieldError> validateStatusUpdate(Context context, KubeObject object, KubeObject old) {
    String phase = object.status().string("phase").orElse("");
    String allowed = object.isBeingDeleted() ? "Terminating" : "Active";
    return phase.isEmpty() || phase.equals(allowed)
        ? List.of()
        : List.of(
            FieldError.invalid(
                "status.Phase",
                Json.of(phase),
                object.isBeingDeleted()
                    ? "may only be 'Terminating' if `deletionTimestamp` is not empty"
                    : "may only be 'Active' if `deletionTimestamp` is empty"));
  }

  @Override
  public Set<List<String>> resetFields(String subresource) {
    return subresource.equals("status") ? SPEC_FIELDS : STATUS_FIELDS;
  }
}
