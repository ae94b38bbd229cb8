package dev.nacelle.api.kinds.core;

import dev.nacelle.api.kinds.shared.Check;
import dev.nacelle.api.kinds.shared.Edit;
import dev.nacelle.api.kinds.shared.Formats;
import dev.nacelle.api.kinds.shared.KindHooks;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.status.FieldError;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What nodes do beyond their schema. A node may be registered with its status. */
final class NodeHooks implements KindHooks {

  /**
   * Allocatable is the capacity where it is not given; {@code podCIDR} is the first of its list.
   */
  @Override
  public JsonObject applyDefaults(String version, JsonObject object) {
    return Edit.of(object)
        .in("spec", NodeHooks::ranges)
        .in(
            "status",
            status -> {
              Edit edit =
                  Edit.of(status)
                      .in("capacity", PodDefaults::quantities)
                      .in("allocatable", PodDefaults::quantities);
              edit.current().get("capacity").ifPresent(c -> edit.absent("allocatable", c));
              return edit.done();
            })
        .done();
  }

  private static JsonObject ranges(JsonObject spec) {
    String single = spec.string("podCIDR").orElse("");
    Optional<String> first = spec.array("podCIDRs").strings().findFirst();
    if (!single.isEmpty() && first.isEmpty()) {
      return spec.with("podCIDRs", JsonArray.of(Json.of(single)));
    }
    return single.isEmpty() && first.isPresent()
        ? spec.with("podCIDR", Json.of(first.get()))
        : spec;
  }

  @Override
  public KubeObject prepareForUpdate(Context context, KubeObject object, KubeObject old) {
    return KindHooks.restored(object, old, "status");
  }

  @Override
  public KubeObject prepareForStatusUpdate(Context context, KubeObject object, KubeObject old) {
    return KindHooks.restored(object, old, "spec");
  }

  @Override
  public List<FieldError> validateCreate(Context context, KubeObject object) {
    var errors = new ArrayList<FieldError>();
    Check spec = Check.of(object.spec(), "spec", errors);
    var taints = new HashSet<String>();
    spec.each(
        "taints",
        (item, at) -> {
          Check taint = Check.of(item, at, errors);
          taint
              .needs("key", Formats::qualifiedName)
              .matches("value", Formats::labelValue)
              .oneOf("effect", "NoSchedule", "PreferNoSchedule", "NoExecute");
          if (!taints.add(taint.text("key") + ":" + taint.text("effect"))) {
            errors.add(
                FieldError.duplicate(at, Json.of(taint.text("key") + ":" + taint.text("effect"))));
          }
        });
    List<String> ranges = object.spec().array("podCIDRs").strings().toList();
    for (int i = 0; i < ranges.size(); i++) {
      String[] parts = ranges.get(i).split("/", -1);
      if (parts.length != 2
          || !Formats.ipAddress(parts[0]).isEmpty()
          || !parts[1].matches("[0-9]{1,3}")) {
        errors.add(
            FieldError.invalid(
                "spec.podCIDRs[" + i + "]",
                Json.of(ranges.get(i)),
                "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"));
      }
    }
    return errors;
  }

  @Override
  public List<FieldError> validateUpdate(Context context, KubeObject object, KubeObject old) {
    var errors = new ArrayList<>(validateCreate(context, object));
    for (String name : List.of("podCIDRs", "providerID")) {
      Optional<Json> before = old.spec().get(name);
      boolean changed =
          before.isPresent()
              && !before.equals(Optional.of(Json.of("")))
              && !before.equals(object.spec().get(name));
      if (changed) {
        errors.add(
            FieldError.forbidden(
                "spec." + name,
                "node updates may not change " + name + " except from \"\" to valid"));
      }
    }
    return errors;
  }

  @Override
  public Set<List<String>> resetFields(String subresource) {
    return subresource.equals("status") ? SPEC_FIELDS : STATUS_FIELDS;
  }
}
