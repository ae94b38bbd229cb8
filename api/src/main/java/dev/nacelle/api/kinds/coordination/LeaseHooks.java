package dev.nacelle.api.kinds.coordination;

import dev.nacelle.api.kinds.shared.Check;
import dev.nacelle.api.kinds.shared.KindHooks;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.status.FieldError;
import java.util.ArrayList;
import java.util.List;

/** What leases do beyond their schema. */
final class LeaseHooks implements KindHooks {

  @Override
  public List<FieldError> validateCreate(Context context, KubeObject object) {
    var errors = new ArrayList<FieldError>();
    Check spec = Check.of(object.spec(), "spec", errors);
    if (spec.has("leaseDurationSeconds")
        && object.spec().integer("leaseDurationSeconds").orElse(0) <= 0) {
      spec.invalid("leaseDurationSeconds", "must be greater than 0");
    }
    if (spec.has("leaseTransitions") && object.spec().integer("leaseTransitions").orElse(0) < 0) {
      spec.invalid("leaseTransitions", "must be greater than or equal to 0");
    }
    return errors;
  }

  @Override
  public List<FieldError> validateUpdate(Context context, KubeObject object, KubeObject old) {
    return validateCreate(context, object);
  }

  @Override
  public OnMissing onUpdateOfMissing() {
    return OnMissing.CREATE;
  }
}
