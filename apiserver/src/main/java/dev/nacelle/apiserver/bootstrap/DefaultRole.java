package dev.nacelle.apiserver.bootstrap;

import dev.nacelle.api.object.GroupVersionKind;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.apiserver.auth.rbac.PolicyRule;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A role that every cluster has.
 *
 * @param key the namespace is empty for a ClusterRole
 * @param labels besides the usual one
 * @param aggregates the label whose roles it takes its rules from; empty for none
 */
record DefaultRole(
    ObjectKey key, Map<String, String> labels, String aggregates, List<PolicyRule> rules) {
  private static final String PREFIX = RbacDefaults.GROUP + "/aggregate-to-";

  static DefaultRole cluster(String name, PolicyRule... rules) {
    return new DefaultRole(ObjectKey.cluster(name), Map.of(), "", List.of(rules));
  }

  static DefaultRole in(String namespace, String name, PolicyRule... rules) {
    return new DefaultRole(new ObjectKey(namespace, name), Map.of(), "", List.of(rules));
  }

  /** This role, as a part of another: {@code admin}, {@code edit} or {@code view}. */
  DefaultRole partOf(String whole) {
    return new DefaultRole(key, Map.of(PREFIX + whole, "true"), aggregates, rules);
  }

  /** This role, made of the parts of it. */
  DefaultRole aggregating(String whole) {
    return new DefaultRole(key, labels, PREFIX + whole, rules);
  }

  KubeObject toObject() {
    String kind = key.namespace().isEmpty() ? "ClusterRole" : "Role";
    KubeObject empty = KubeObject.of(new GroupVersionKind(RbacDefaults.GROUP, "v1", kind), key);
    var all = new LinkedHashMap<>(labels);
    all.putAll(RbacDefaults.LABELS);
    JsonObject.Builder result = RbacDefaults.marked(empty, all).json().toBuilder();
    if (!aggregates.isEmpty()) {
      result.put("aggregationRule", aggregationRule());
    }
    return new KubeObject(result.put("rules", PolicyRule.toJson(rules)).build());
  }

  private Json aggregationRule() {
    JsonObject selector =
        JsonObject.builder().putStrings("matchLabels", Map.of(aggregates, "true")).build();
    return JsonObject.builder().put("clusterRoleSelectors", JsonArray.of(selector)).build();
  }
}
