package dev.nacelle.apiserver.auth.rbac;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.apiserver.access.Attributes;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** A rule of a role: {@code rbac.authorization.k8s.io PolicyRule}. */
public record PolicyRule(
    List<String> verbs,
    List<String> groups,
    List<String> resources,
    List<String> names,
    List<String> paths) {
  private static final String ALL = "*";

  public PolicyRule {
    verbs = List.copyOf(verbs);
    groups = List.copyOf(groups);
    resources = List.copyOf(resources);
    names = List.copyOf(names);
    paths = List.copyOf(paths);
  }

  static PolicyRule of(JsonObject rule) {
    return new PolicyRule(
        strings(rule, "verbs"),
        strings(rule, "apiGroups"),
        strings(rule, "resources"),
        strings(rule, "resourceNames"),
        strings(rule, "nonResourceURLs"));
  }

  /** The rules of a Role or a ClusterRole. */
  public static List<PolicyRule> of(KubeObject role) {
    return role.json().array("rules").objects().map(PolicyRule::of).toList();
  }

  /** What one set of rules gives that the other does not, one verb of one resource each. */
  public static List<PolicyRule> lackedBy(List<PolicyRule> held, List<PolicyRule> wanted) {
    return Coverage.missing(held, wanted);
  }

  private static List<String> strings(JsonObject rule, String name) {
    return rule.array(name).strings().toList();
  }

  /** The rule as a role holds it. */
  public JsonObject toJson() {
    JsonObject.Builder result = JsonObject.builder();
    put(result, "verbs", verbs);
    put(result, "apiGroups", groups);
    put(result, "resources", resources);
    put(result, "resourceNames", names);
    put(result, "nonResourceURLs", paths);
    return result.build();
  }

  /** Rules as a role holds them. */
  public static JsonArray toJson(List<PolicyRule> rules) {
    var items = new ArrayList<Json>();
    rules.forEach(rule -> items.add(rule.toJson()));
    return new JsonArray(items);
  }

  private static void put(JsonObject.Builder object, String name, List<String> values) {
    if (!values.isEmpty()) {
      object.put(name, JsonArray.ofStrings(values));
    }
  }

  /** Whether the rule allows it. */
  public boolean allows(Attributes attributes) {
    if (!has(verbs, attributes.verb())) {
      return false;
    }
    return switch (attributes.target()) {
      case Attributes.Path(String path) -> allowsPath(path);
      case Attributes.Resource r ->
          has(groups, r.group())
              && allowsResource(r.resource(), r.subresource())
              && (names.isEmpty() || names.contains(r.name()));
    };
  }

  private boolean allowsPath(String path) {
    for (String allowed : paths) {
      if (allowed.equals(path)
          || (allowed.endsWith(ALL)
              && path.startsWith(allowed.substring(0, allowed.length() - 1)))) {
        return true;
      }
    }
    return false;
  }

  private boolean allowsResource(String resource, String subresource) {
    for (String allowed : resources) {
      if (allowed.equals(ALL)) {
        return true;
      }
      if (subresource.isEmpty()) {
        if (allowed.equals(resource)) {
          return true;
        }
      } else if (isSubresource(allowed, resource, subresource)) {
        return true;
      }
    }
    return false;
  }

  /** Whether a rule's word is {@code resource/subresource} or {@code * /subresource}. */
  private static boolean isSubresource(String allowed, String resource, String subresource) {
    int slash = allowed.length() - subresource.length() - 1;
    if (slash <= 0 || allowed.charAt(slash) != '/' || !allowed.endsWith(subresource)) {
      return false;
    }
    return (slash == 1 && allowed.charAt(0) == '*')
        || (slash == resource.length() && allowed.startsWith(resource));
  }

  private static boolean has(List<String> allowed, String value) {
    return allowed.contains(value) || allowed.contains(ALL);
  }

  /** As upstream's messages show it. */
  @Override
  public String toString() {
    var parts = new ArrayList<String>();
    part(parts, "APIGroups", groups);
    part(parts, "Resources", resources);
    part(parts, "ResourceNames", names);
    part(parts, "NonResourceURLs", paths);
    part(parts, "Verbs", verbs);
    return "{" + String.join(", ", parts) + "}";
  }

  private static void part(List<String> parts, String name, List<String> values) {
    if (!values.isEmpty()) {
      parts.add(
          name
              + ":["
              + values.stream().map(v -> '"' + v + '"').collect(Collectors.joining(", "))
              + "]");
    }
  }
}
