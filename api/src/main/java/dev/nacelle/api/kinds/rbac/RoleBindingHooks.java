package dev.nacelle.api.kinds.rbac;

import dev.nacelle.api.definition.ResourceDefinition.Scope;
import dev.nacelle.api.kinds.shared.KindHooks;
import dev.nacelle.api.kinds.shared.NameRule;

record RoleBindingHooks(Scope scope) implements KindHooks {
  @Override
  public NameRule nameRule() {
    return NameRule.PATH_SEGMENT;
  }
}
