package dev.nacelle.api.kinds.core;

import dev.nacelle.api.kinds.shared.Check;
import dev.nacelle.api.kinds.shared.Edit;
import dev.nacelle.api.kinds.shared.Formats;
import dev.nacelle.api.kinds.shared.KindHooks;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.status.FieldError;
import dev.nacelle.base.json.JsonObject;
import java.util.ArrayList;
import java.util.List;

/** What Endpoints do beyond their schema. */
final class EndpointsHooks implements KindHooks {

  @Override
  public JsonObject applyDefaults(String version, JsonObject object) {
    return Edit.of(object)
        .each(
            "subsets",
            subset ->
                Edit.of(subset)
                    .each("ports", port -> Edit.of(port).text("protocol", "TCP").done())
                    .done())
        .done();
  }

  @Override
  public List<FieldError> validateCreate(Context context, KubeObject object) {
    var errors = new ArrayList<FieldError>();
    Check.of(object.json(), "", errors)
        .each("subsets", (item, at) -> subset(Check.of(item, at, errors)));
    return errors;
  }

  @Override
  public List<FieldError> validateUpdate(Context context, KubeObject object, KubeObject old) {
    return validateCreate(context, object);
  }

  private static void subset(Check subset) {
    List<FieldError> errors = subset.errors();
    boolean several = subset.object().array("ports").size() > 1;
    if (subset.object().array("addresses").isEmpty()
        && subset.object().array("notReadyAddresses").isEmpty()) {
      errors.add(
          FieldError.required(subset.path(), "must specify `addresses` or `notReadyAddresses`"));
    }
    for (String list : List.of("addresses", "notReadyAddresses")) {
      subset.each(list, (item, at) -> Check.of(item, at, errors).needs("ip", Formats::ipAddress));
    }
    subset.each(
        "ports",
        (item, at) -> {
          Check port = Check.of(item, at, errors);
          if (several && port.text("name").isEmpty()) {
            port.required("name", "");
          }
          port.matches("name", Formats::dnsLabel)
              .port("port")
              .oneOf("protocol", "TCP", "UDP", "SCTP");
        });
  }

  @Override
  public OnMissing onUpdateOfMissing() {
    return OnMissing.CREATE;
  }
}
