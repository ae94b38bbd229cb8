package dev.nacelle.api.kinds.shared;

import dev.nacelle.api.definition.Hooks;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonNull;
import dev.nacelle.base.json.JsonObject;
import java.util.List;
import java.util.Set;

/** Hooks of a built-in kind: those of the seam, and the rule for its names. */
public interface KindHooks extends Hooks {
  Set<List<String>> STATUS_FIELDS = Set.of(List.of("status"));
  Set<List<String>> SPEC_FIELDS = Set.of(List.of("spec"));

  default NameRule nameRule() {
    return NameRule.DNS_SUBDOMAIN;
  }

  /** {@code object} without what only the status subresource writes. */
  static KubeObject withoutStatus(KubeObject object) {
    return new KubeObject(object.json().without("status"));
  }

  static KubeObject withGeneration(KubeObject object, long generation) {
    return object.withMetadata("generation", Json.of(generation));
  }

  /** {@code object} with one member as {@code old} has it. */
  static KubeObject restored(KubeObject object, KubeObject old, String member) {
    JsonObject json = object.json();
    return new KubeObject(
        old.json().get(member).map(value -> json.with(member, value)).orElse(json.without(member)));
  }

  /** Generation 1, and no status: what most kinds with a status do on a create. */
  static KubeObject created(KubeObject object) {
    return withGeneration(withoutStatus(object), 1);
  }

  /** The next generation where the spec differs, the old status always. */
  static KubeObject updated(KubeObject object, KubeObject old) {
    KubeObject kept = restored(object, old, "status");
    boolean same = member(object, "spec").equals(member(old, "spec"));
    return withGeneration(kept, same ? old.generation() : old.generation() + 1);
  }

  private static Json member(KubeObject object, String name) {
    return object.json().get(name).orElse(JsonNull.NULL);
  }
}
