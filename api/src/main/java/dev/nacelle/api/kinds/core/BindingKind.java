package dev.nacelle.api.kinds.core;

import dev.nacelle.api.definition.ResourceDefinition;
import dev.nacelle.api.kinds.shared.Kind;

/** A pod's assignment to a node; it can only be created, and is not stored. */
final class BindingKind {
  static final ResourceDefinition DEFINITION =
      Kind.of("io.k8s.api.core.v1.Binding", "v1", "Binding", "bindings").verbs("create").build();

  private BindingKind() {}
}
