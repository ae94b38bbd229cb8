package dev.nacelle.api.kinds.apps;

import dev.nacelle.api.kinds.shared.Check;
import dev.nacelle.api.kinds.shared.KindHooks;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.status.FieldError;
import java.util.ArrayList;
import java.util.List;

/** A revision's data is never changed. */
final class ControllerRevisionHooks implements KindHooks {

  @Override
  public List<FieldError> validateCreate(Context context, KubeObject object) {
    var errors = new ArrayList<FieldError>();
    Check check = Check.of(object.json(), "", errors);
    if (!check.has("data")) {
      check.required("data", "data is mandatory");
    }
    check.notNegative("revision");
    return errors;
  }

  @Override
  public List<FieldError> validateUpdate(Context context, KubeObject object, KubeObject old) {
    var errors = new ArrayList<FieldError>();
    Check.of(object.json(), "", errors).notNegative("revision").immutable("data", old.json());
    return errors;
  }
}
