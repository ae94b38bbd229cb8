package dev.nacelle.api.kinds.core;

import dev.nacelle.api.kinds.shared.KindHooks;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.status.FieldError;
import dev.nacelle.base.json.Json;
import java.util.ArrayList;
import java.util.List;

/** What events do beyond their schema. */
final class EventHooks implements KindHooks {

  @Override
  public List<FieldError> validateCreate(Context context, KubeObject object) {
    var errors = new ArrayList<FieldError>();
    String about = object.json().string("involvedObject", "namespace").orElse("");
    boolean clusterScoped = about.isEmpty() && object.namespace().equals("default");
    boolean nodes = about.isEmpty() && object.namespace().equals("kube-system");
    if (!clusterScoped && !nodes && !about.equals(object.namespace())) {
      errors.add(
          FieldError.invalid(
              "involvedObject.namespace", Json.of(about), "does not match event.namespace"));
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
