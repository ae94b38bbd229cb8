package dev.nacelle.api.kinds.scheduling;

import dev.nacelle.api.kinds.shared.Check;
import dev.nacelle.api.kinds.shared.Edit;
import dev.nacelle.api.kinds.shared.KindHooks;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.status.FieldError;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What priority classes do beyond their schema. */
final class PriorityClassHooks implements KindHooks {
  private static final long MOST_OF_USERS = 1_000_000_000L;
  private static final String SYSTEM_PREFIX = "system-";

  /** The only two classes that may lie above what users have. */
  private static final Map<String, Long> SYSTEM =
      Map.of("system-cluster-critical", 2_000_000_000L, "system-node-critical", 2_000_001_000L);

  @Override
  public JsonObject applyDefaults(String version, JsonObject object) {
    return Edit.of(object).absent("preemptionPolicy", Json.of("PreemptLowerPriority")).done();
  }

  @Override
  public KubeObject prepareForCreate(Context context, KubeObject object) {
    return KindHooks.withGeneration(object, 1);
  }

  @Override
  public List<FieldError> validateCreate(Context context, KubeObject object) {
    var errors = new ArrayList<FieldError>();
    Check check = Check.of(object.json(), "", errors);
    long value = object.json().integer("value").orElse(0);
    if (object.name().startsWith(SYSTEM_PREFIX)) {
      Long known = SYSTEM.get(object.name());
      if (known == null || known != value) {
        errors.add(
            FieldError.forbidden(
                "metadata.name",
                "priority class names with 'system-' prefix are reserved for system use only."
                    + " error: "
                    + object.name()
                    + " is not a known system priority class"));
      }
    } else if (value > MOST_OF_USERS) {
      check.forbidden("value", "maximum allowed value of a user defined priority is 1000000000");
    }
    check.optionalOneOf("preemptionPolicy", "Never", "PreemptLowerPriority");
    return errors;
  }

  @Override
  public List<FieldError> validateUpdate(Context context, KubeObject object, KubeObject old) {
    var errors = new ArrayList<FieldError>();
    long value = object.json().integer("value").orElse(0);
    if (value != old.json().integer("value").orElse(0)) {
      errors.add(FieldError.forbidden("value", "may not be changed in an update."));
    }
    Check.of(object.json(), "", errors).immutable("preemptionPolicy", old.json());
    return errors;
  }

  @Override
  public OnMissing onUpdateOfMissing() {
    return OnMissing.CREATE;
  }
}
