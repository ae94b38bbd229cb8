package dev.nacelle.api.kinds.rbac;

import dev.nacelle.api.definition.ResourceDefinition.Scope;
import dev.nacelle.api.kinds.shared.Check;
import dev.nacelle.api.kinds.shared.Edit;
import dev.nacelle.api.kinds.shared.Formats;
import dev.nacelle.api.kinds.shared.KindHooks;
import dev.nacelle.api.kinds.shared.NameRule;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.status.FieldError;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;
import java.util.ArrayList;
import java.util.List;

/** What role bindings do beyond their schema. */
record RoleBindingHooks(Scope scope) implements KindHooks {

  @Override
  public NameRule nameRule() {
    return NameRule.PATH_SEGMENT;
  }

  @Override
  public JsonObject applyDefaults(String version, JsonObject object) {
    return Edit.of(object)
        .in("roleRef", role -> Edit.of(role).text("apiGroup", RbacKinds.GROUP).done())
        .each("subjects", RoleBindingHooks::subject)
        .done();
  }

  private static JsonObject subject(JsonObject subject) {
    return switch (subject.string("kind").orElse("")) {
      case "User", "Group" -> Edit.of(subject).text("apiGroup", RbacKinds.GROUP).done();
      default -> subject;
    };
  }

  @Override
  public List<FieldError> validateCreate(Context context, KubeObject object) {
    var errors = new ArrayList<FieldError>();
    Check role = Check.of(object.json().object("roleRef"), "roleRef", errors);
    role.optionalOneOf("apiGroup", RbacKinds.GROUP);
    String[] kinds =
        scope == Scope.CLUSTER
            ? new String[] {"ClusterRole"}
            : new String[] {"Role", "ClusterRole"};
    if (!List.of(kinds).contains(role.text("kind"))) {
      errors.add(
          FieldError.notSupported("roleRef.kind", Json.of(role.text("kind")), List.of(kinds)));
    }
    role.needs("name", Formats::pathSegment);
    Check.of(object.json(), "", errors)
        .each("subjects", (item, at) -> subject(Check.of(item, at, errors)));
    return errors;
  }

  @Override
  public List<FieldError> validateUpdate(Context context, KubeObject object, KubeObject old) {
    var errors = new ArrayList<>(validateCreate(context, object));
    JsonObject now = object.json().object("roleRef");
    if (!now.equals(old.json().object("roleRef"))) {
      errors.add(FieldError.invalid("roleRef", now, "cannot change roleRef"));
    }
    return errors;
  }

  @Override
  public OnMissing onUpdateOfMissing() {
    return OnMissing.CREATE;
  }

  private void subject(Check subject) {
    subject.needs("name");
    switch (subject.text("kind")) {
      case "ServiceAccount" -> {
        subject.matches("name", Formats::dnsSubdomain);
        if (!subject.text("apiGroup").isEmpty()) {
          subject.optionalOneOf("apiGroup", "");
        }
        if (scope == Scope.CLUSTER) {
          subject.needs("namespace");
        }
      }
      case "User", "Group" -> subject.optionalOneOf("apiGroup", RbacKinds.GROUP);
      default ->
          subject
              .errors()
              .add(
                  FieldError.notSupported(
                      subject.at("kind"),
                      Json.of(subject.text("kind")),
                      List.of("ServiceAccount", "User", "Group")));
    }
  }
}
