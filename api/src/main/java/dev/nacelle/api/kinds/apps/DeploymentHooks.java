package dev.nacelle.api.kinds.apps;

import dev.nacelle.api.kinds.core.PodTemplates;
import dev.nacelle.api.kinds.shared.Check;
import dev.nacelle.api.kinds.shared.Edit;
import dev.nacelle.api.kinds.shared.KindHooks;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.status.FieldError;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonNumber;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonString;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What Deployments do beyond their schema. */
final class DeploymentHooks implements KindHooks {

  @Override
  public JsonObject applyDefaults(String version, JsonObject object) {
    return Edit.of(object)
        .absent("spec", JsonObject.EMPTY)
        .in("spec", DeploymentHooks::spec)
        .done();
  }

  private static JsonObject spec(JsonObject spec) {
    return Edit.of(spec)
        .absent("replicas", Json.of(1))
        .absent("revisionHistoryLimit", Json.of(10))
        .absent("progressDeadlineSeconds", Json.of(600))
        .absent("strategy", JsonObject.EMPTY)
        .in("strategy", DeploymentHooks::strategy)
        .in("template", PodTemplates::withDefaults)
        .done();
  }

  private static JsonObject strategy(JsonObject strategy) {
    Edit edit = Edit.of(strategy).text("type", "RollingUpdate");
    if (edit.current().string("type").orElse("").equals("RollingUpdate")) {
      edit.absent("rollingUpdate", JsonObject.EMPTY)
          .in(
              "rollingUpdate",
              rolling ->
                  Edit.of(rolling)
                      .absent("maxUnavailable", Json.of("25%"))
                      .absent("maxSurge", Json.of("25%"))
                      .done());
    }
    return edit.done();
  }

  @Override
  public KubeObject prepareForCreate(Context context, KubeObject object) {
    return KindHooks.withGeneration(object.withStatus(JsonObject.EMPTY), 1);
  }

  /** A change of an annotation counts as one of the spec. */
  @Override
  public KubeObject prepareForUpdate(Context context, KubeObject object, KubeObject old) {
    KubeObject updated = KindHooks.updated(object, old);
    return object.annotations().equals(old.annotations())
        ? updated
        : KindHooks.withGeneration(updated, old.generation() + 1);
  }

  @Override
  public KubeObject prepareForStatusUpdate(Context context, KubeObject object, KubeObject old) {
    KubeObject kept = KindHooks.restored(object, old, "spec");
    Optional<Json> labels = old.metadata().get("labels");
    return labels.isPresent()
        ? kept.withMetadata("labels", labels.get())
        : kept.withoutMetadata("labels");
  }

  @Override
  public List<FieldError> validateCreate(Context context, KubeObject object) {
    var errors = new ArrayList<FieldError>();
    Check spec = Check.of(object.spec(), "spec", errors);
    ReplicatedPods.validate(spec, "empty selector is invalid for deployment");
    spec.notNegative("minReadySeconds", "revisionHistoryLimit");
    strategyFaults(spec);
    long deadline = object.spec().integer("progressDeadlineSeconds").orElse(600);
    spec.notNegative("progressDeadlineSeconds");
    if (deadline <= object.spec().integer("minReadySeconds").orElse(0)) {
      spec.invalid("progressDeadlineSeconds", "must be greater than minReadySeconds");
    }
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
        object.status(),
        List.of("updatedReplicas", "readyReplicas", "availableReplicas", "unavailableReplicas"));
  }

  @Override
  public List<String> warnings(Context context, KubeObject object, Optional<KubeObject> old) {
    return PodTemplates.warnings(object.spec().object("template"), "spec.template");
  }

  @Override
  public Set<List<String>> resetFields(String subresource) {
    return subresource.equals("status")
        ? Set.of(List.of("spec"), List.of("metadata", "labels"))
        : STATUS_FIELDS;
  }

  private static void strategyFaults(Check spec) {
    spec.in(
        "strategy",
        (item, at) -> {
          Check strategy = Check.of(item, at, spec.errors());
          strategy.oneOf("type", "Recreate", "RollingUpdate");
          boolean recreate = strategy.text("type").equals("Recreate");
          if (recreate && strategy.has("rollingUpdate")) {
            strategy.forbidden(
                "rollingUpdate", "may not be specified when strategy `type` is 'Recreate'");
          } else if (!recreate) {
            strategy.in(
                "rollingUpdate",
                (rolling, where) -> rolling(Check.of(rolling, where, spec.errors())));
          }
        });
  }

  private static void rolling(Check rolling) {
    boolean zero = true;
    for (String name : List.of("maxUnavailable", "maxSurge")) {
      Json value = rolling.object().get(name).orElse(Json.of(0));
      zero &= value.equals(Json.of(0)) || value.equals(Json.of("0%"));
      switch (value) {
        case JsonNumber n -> rolling.notNegative(name);
        case JsonString s -> {
          if (!s.value().matches("[0-9]+%")) {
            rolling.invalid(
                name,
                "a valid percent string must be a numeric string followed by an ending '%' (e.g."
                    + " '1%',  or '93%', regex used for validation is '[0-9]+%')");
          }
        }
        case Json other -> rolling.invalid(name, "must be an integer or percentage (e.g '5%')");
      }
    }
    if (zero) {
      rolling.invalid("maxUnavailable", "may not be 0 when `maxSurge` is 0");
    }
    if (rolling.object().get("maxUnavailable").orElse(Json.of(0)) instanceof JsonString s
        && s.value().matches("[0-9]{1,9}%")
        && Long.parseLong(s.value().replace("%", "")) > 100) {
      rolling.invalid("maxUnavailable", "must not be greater than 100%");
    }
  }
}
