package dev.nacelle.api.kinds.core;

import dev.nacelle.api.definition.ResourceDefinition;
import dev.nacelle.api.kinds.shared.Cells;
import dev.nacelle.api.kinds.shared.Kind;

/** A scope for names. */
final class NamespaceKind {
  static final ResourceDefinition DEFINITION =
      Kind.of("io.k8s.api.core.v1.Namespace", "v1", "Namespace", "namespaces", "ns")
          .clusterScoped()
          .verbs("create", "delete", "get", "list", "patch", "update", "watch")
          .subresource("finalize", "update")
          .status()
          .columns(
              Cells.NAME,
              Cells.text("Status", namespace -> namespace.status().string("phase").orElse(""))
                  .describedAs("The phase: Active or Terminating."),
              Cells.AGE)
          .selectable("status.phase")
          .hooks(new NamespaceHooks())
          .build();

  private NamespaceKind() {}
}
