package dev.nacelle.api.kinds.apps;

import dev.nacelle.api.definition.ResourceDefinition;
import dev.nacelle.api.kinds.shared.Cells;
import dev.nacelle.api.kinds.shared.Kind;
import dev.nacelle.api.object.GroupVersionKind;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.OwnerReference;
import java.util.Locale;

/** One past or present state of what a controller rolls out. */
final class ControllerRevisionKind {
  static final ResourceDefinition DEFINITION =
      Kind.of(
              "io.k8s.api.apps.v1.ControllerRevision",
              "apps/v1",
              "ControllerRevision",
              "controllerrevisions")
          .columns(
              Cells.NAME,
              Cells.text("Controller", ControllerRevisionKind::controller)
                  .describedAs("The object whose state it is."),
              Cells.count("Revision", r -> r.json().integer("revision").orElse(0))
                  .describedAs("Its place in the order of states."),
              Cells.AGE)
          .hooks(new ControllerRevisionHooks())
          .build();

  private ControllerRevisionKind() {}

  private static String controller(KubeObject revision) {
    return revision.controller().map(ControllerRevisionKind::format).orElse(Cells.NONE);
  }

  private static String format(OwnerReference owner) {
    String group = GroupVersionKind.of(owner.apiVersion(), owner.kind()).group();
    String kind = owner.kind().toLowerCase(Locale.ROOT);
    return (group.isEmpty() ? kind : kind + "." + group) + "/" + owner.name();
  }
}
