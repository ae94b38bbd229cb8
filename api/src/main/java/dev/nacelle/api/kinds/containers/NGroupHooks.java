package dev.nacelle.api.kinds.containers;

import dev.nacelle.api.kinds.shared.Check;
import dev.nacelle.api.kinds.shared.Edit;
import dev.nacelle.api.kinds.shared.Formats;
import dev.nacelle.api.kinds.shared.KindHooks;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.status.FieldError;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What NGroups do beyond their schema. */
final class NGroupHooks implements KindHooks {
  private static final int MAX_PREFIX_LENGTH = 57; // a dash and five characters follow it

  @Override
  public JsonObject applyDefaults(String version, JsonObject object) {
    return Edit.of(object)
        .in(
            "spec",
            spec ->
                Edit.of(spec)
                    .absent("replicas", Json.of(1))
                    .absent("maintainReplicas", Json.of(true))
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
    spec.notNegative("replicas").matches("namePrefix", Formats::dnsLabel);
    if (spec.text("namePrefix").length() > MAX_PREFIX_LENGTH) {
      spec.invalid("namePrefix", "must be no more than " + MAX_PREFIX_LENGTH + " characters");
    }
    if (!spec.has("profileRef")) {
      spec.required("profileRef", "");
    }
    spec.in(
        "profileRef",
        (item, at) -> {
          Check profile = Check.of(item, at, errors);
          profile.needs("name", Formats::dnsSubdomain);
          if (profile.has("revision") && item.integer("revision").orElse(0) < 1) {
            profile.invalid("revision", "must be greater than or equal to 1");
          }
        });
    zones(spec);
    return errors;
  }

  @Override
  public List<FieldError> validateUpdate(Context context, KubeObject object, KubeObject old) {
    var errors = new ArrayList<>(validateCreate(context, object));
    Check.of(object.spec(), "spec", errors).immutable("namePrefix", old.spec());
    return errors;
  }

  @Override
  public List<FieldError> validateStatusUpdate(Context context, KubeObject object, KubeObject old) {
    var errors = new ArrayList<FieldError>();
    Check.of(object.status(), "status", errors)
        .notNegative("replicas", "readyReplicas", "updatedReplicas", "observedGeneration");
    return errors;
  }

  @Override
  public Set<List<String>> resetFields(String subresource) {
    return subresource.equals("status") ? SPEC_FIELDS : STATUS_FIELDS;
  }

  private static void zones(Check spec) {
    spec.eachText("zones", Formats::labelValue);
    var seen = new HashSet<String>();
    List<String> zones = spec.object().array("zones").strings().toList();
    for (int i = 0; i < zones.size(); i++) {
      if (zones.get(i).isEmpty()) {
        spec.errors().add(FieldError.required("spec.zones[" + i + "]", ""));
      } else if (!seen.add(zones.get(i))) {
        spec.errors().add(FieldError.duplicate("spec.zones[" + i + "]", Json.of(zones.get(i))));
      }
    }
  }
}
