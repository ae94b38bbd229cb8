package dev.nacelle.api.custom;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import java.util.ArrayList;
import java.util.List;

/** What a definition asks for that is stored and nothing more: validation rules in CEL. Pure. */
public final class UnenforcedRules {
  private static final String RULES = "x-kubernetes-validations";

  private UnenforcedRules() {}

  /** One warning for each version that has such rules. */
  public static List<String> warnings(KubeObject definition) {
    var warnings = new ArrayList<String>();
    List<JsonObject> versions = definition.spec().array("versions").objects().toList();
    for (int i = 0; i < versions.size(); i++) {
      long rules = count(versions.get(i).object("schema").object("openAPIV3Schema"));
      if (rules > 0) {
        warnings.add(
            "spec.versions[%d].schema.openAPIV3Schema: %s: %d %s stored, but not enforced by this version"
                .formatted(i, RULES, rules, rules == 1 ? "rule is" : "rules are"));
      }
    }
    return List.copyOf(warnings);
  }

  private static long count(Json schema) {
    return switch (schema) {
      case JsonObject o when o.isEmpty() -> 0;
      case JsonObject o ->
          o.array(RULES).size()
              + count(o.object("items"))
              + count(o.object("additionalProperties"))
              + o.object("properties").members().values().stream()
                  .mapToLong(UnenforcedRules::count)
                  .sum()
              + List.of("allOf", "anyOf", "oneOf").stream()
                  .mapToLong(name -> all(o.array(name)))
                  .sum();
      case Json other -> 0;
    };
  }

  private static long all(JsonArray schemas) {
    return schemas.objects().mapToLong(UnenforcedRules::count).sum();
  }
}
