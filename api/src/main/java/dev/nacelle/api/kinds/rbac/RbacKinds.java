package dev.nacelle.api.kinds.rbac;

import dev.nacelle.api.definition.ResourceDefinition;
import dev.nacelle.api.definition.ResourceDefinition.Scope;
import dev.nacelle.api.kinds.shared.Cells;
import dev.nacelle.api.kinds.shared.Kind;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.base.json.JsonObject;
import java.util.List;
import java.util.stream.Collectors;

/** The kinds of group {@code rbac.authorization.k8s.io}: who may do what. */
public final class RbacKinds {
  static final String GROUP = "rbac.authorization.k8s.io";

  public static final List<ResourceDefinition> ALL =
      List.of(
          binding("ClusterRoleBinding", "clusterrolebindings", Scope.CLUSTER),
          role("ClusterRole", "clusterroles", Scope.CLUSTER),
          binding("RoleBinding", "rolebindings", Scope.NAMESPACED),
          role("Role", "roles", Scope.NAMESPACED));

  private RbacKinds() {}

  private static ResourceDefinition role(String kind, String plural, Scope scope) {
    return scoped(kind, plural, scope).hooks(new RoleHooks(scope)).build();
  }

  private static ResourceDefinition binding(String kind, String plural, Scope scope) {
    return scoped(kind, plural, scope)
        .columns(
            Cells.NAME,
            Cells.text("Role", RbacKinds::role).describedAs("The role that is granted."),
            Cells.AGE,
            Cells.text("Users", b -> subjects(b, "User"))
                .describedAs("The users it is granted to.")
                .wide(),
            Cells.text("Groups", b -> subjects(b, "Group"))
                .describedAs("The groups it is granted to.")
                .wide(),
            Cells.text("ServiceAccounts", b -> subjects(b, "ServiceAccount"))
                .describedAs("The service accounts it is granted to.")
                .wide())
        .hooks(new RoleBindingHooks(scope))
        .build();
  }

  private static Kind scoped(String kind, String plural, Scope scope) {
    Kind result = Kind.of("io.k8s.api.rbac.v1." + kind, GROUP + "/v1", kind, plural);
    return scope == Scope.CLUSTER ? result.clusterScoped() : result;
  }

  private static String role(KubeObject binding) {
    JsonObject role = binding.json().object("roleRef");
    return role.string("kind").orElse("") + "/" + role.string("name").orElse("");
  }

  private static String subjects(KubeObject binding, String kind) {
    return binding
        .json()
        .array("subjects")
        .objects()
        .filter(subject -> subject.string("kind").orElse("").equals(kind))
        .map(
            subject ->
                (kind.equals("ServiceAccount") ? subject.string("namespace").orElse("") + "/" : "")
                    + subject.string("name").orElse(""))
        .collect(Collectors.joining(", "));
  }
}
