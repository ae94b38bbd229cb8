package dev.nacelle.api.kinds.rbac;

import dev.nacelle.api.definition.ResourceDefinition.Scope;
import dev.nacelle.api.kinds.shared.Check;
import dev.nacelle.api.kinds.shared.KindHooks;
import dev.nacelle.api.kinds.shared.LabelSelectors;
import dev.nacelle.api.kinds.shared.NameRule;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.status.FieldError;
import dev.nacelle.base.json.JsonObject;
import java.util.ArrayList;
import java.util.List;

/** What roles do beyond their schema. */
record RoleHooks(Scope scope) implements KindHooks {

  @Override
  public NameRule nameRule() {
    return NameRule.PATH_SEGMENT;
  }

  @Override
  public List<FieldError> validateCreate(Context context, KubeObject object) {
    var errors = new ArrayList<FieldError>();
    Check check = Check.of(object.json(), "", errors);
    check.each("rules", (item, at) -> rule(Check.of(item, at, errors)));
    check.in(
        "aggregationRule",
        (item, at) -> {
          Check rule = Check.of(item, at, errors);
          if (item.array("clusterRoleSelectors").isEmpty()) {
            rule.required(
                "clusterRoleSelectors",
                "at least one clusterRoleSelector required if aggregationRule is non-nil");
          }
          rule.each(
              "clusterRoleSelectors",
              (selector, path) -> LabelSelectors.validate(selector, path, errors));
        });
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

  private void rule(Check rule) {
    JsonObject json = rule.object();
    if (json.array("verbs").isEmpty()) {
      rule.required("verbs", "verbs must contain at least one value");
    }
    if (!json.array("nonResourceURLs").isEmpty()) {
      if (scope == Scope.NAMESPACED) {
        rule.invalid("nonResourceURLs", "namespaced rules cannot apply to non-resource URLs");
      }
      if (!json.array("apiGroups").isEmpty()
          || !json.array("resources").isEmpty()
          || !json.array("resourceNames").isEmpty()) {
        rule.invalid(
            "nonResourceURLs",
            "rules cannot apply to both regular resources and non-resource URLs");
      }
      return;
    }
    if (json.array("apiGroups").isEmpty()) {
      rule.required("apiGroups", "resource rules must supply at least one api group");
    }
    if (json.array("resources").isEmpty()) {
      rule.required("resources", "resource rules must supply at least one resource");
    }
  }
}
