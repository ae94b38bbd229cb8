package dev.nacelle.apiserver.audit;

import dev.nacelle.apiserver.access.Attributes;
import dev.nacelle.apiserver.audit.AuditScope.ManagedFields;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A rule of a policy. An empty list stands for everything.
 *
 * @param managedFields what the rule itself says; empty if it leaves that to the policy
 */
record AuditRule(
    AuditLevel level,
    List<String> users,
    List<String> groups,
    List<String> verbs,
    List<Resources> resources,
    List<String> namespaces,
    List<String> paths,
    Set<AuditStage> omitted,
    Optional<ManagedFields> managedFields) {

  /** Some resources of a group; {@code pods}, {@code pods/log}, {@code pods/*}, {@code *}. */
  record Resources(String group, List<String> resources, List<String> names) {

    boolean cover(Attributes.Resource asked) {
      if (!group.equals(asked.group())) {
        return false;
      }
      if (resources.isEmpty()) {
        return true;
      }
      return (names.isEmpty() || names.contains(asked.name()))
          && resources.stream().anyMatch(pattern -> covers(pattern, asked));
    }

    private static boolean covers(String pattern, Attributes.Resource asked) {
      return pattern.equals("*")
          || pattern.equals(asked.resourceAndSubresource())
          || (!asked.subresource().isEmpty() && pattern.equals("*/" + asked.subresource()))
          || pattern.equals(asked.resource() + "/*");
    }
  }

  boolean matches(Attributes asked) {
    return hasOneOf(users, asked.identity().user())
        && (groups.isEmpty() || asked.identity().groups().stream().anyMatch(groups::contains))
        && hasOneOf(verbs, asked.verb())
        && matches(asked.target());
  }

  private static boolean hasOneOf(List<String> allowed, String value) {
    return allowed.isEmpty() || allowed.contains(value);
  }

  private boolean matches(Attributes.Target target) {
    boolean isAboutResources = !namespaces.isEmpty() || !resources.isEmpty();
    return switch (target) {
      case Attributes.Resource resource when isAboutResources ->
          hasOneOf(namespaces, resource.namespace())
              && (resources.isEmpty() || resources.stream().anyMatch(r -> r.cover(resource)));
      case Attributes.Resource _ -> paths.isEmpty();
      case Attributes.Path(String path) ->
          !isAboutResources && (paths.isEmpty() || paths.stream().anyMatch(p -> covers(p, path)));
    };
  }

  private static boolean covers(String pattern, String path) {
    return pattern.equals("*")
        || pattern.equals(path)
        || (pattern.endsWith("*") && path.startsWith(pattern.substring(0, pattern.length() - 1)));
  }
}
