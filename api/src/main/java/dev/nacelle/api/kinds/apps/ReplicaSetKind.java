package dev.nacelle.api.kinds.apps;

import dev.nacelle.api.definition.ResourceDefinition;
import dev.nacelle.api.definition.SelectableField;
import dev.nacelle.api.kinds.shared.Cells;
import dev.nacelle.api.kinds.shared.Kind;

/** A number of equal pods. */
final class ReplicaSetKind {
  static final ResourceDefinition DEFINITION =
      Kind.of("io.k8s.api.apps.v1.ReplicaSet", "apps/v1", "ReplicaSet", "replicasets", "rs")
          .in("all")
          .scale(".status.selector")
          .status()
          .columns(
              Cells.NAME,
              Cells.number("Desired", r -> r.spec().integer("replicas").orElse(0))
                  .describedAs("How many pods are wanted."),
              Cells.number("Current", r -> r.status().integer("replicas").orElse(0))
                  .describedAs("How many pods there are."),
              Cells.number("Ready", r -> r.status().integer("readyReplicas").orElse(0))
                  .describedAs("How many of them are ready."),
              Cells.AGE,
              PodTemplateColumns.CONTAINERS,
              PodTemplateColumns.IMAGES,
              PodTemplateColumns.SELECTOR)
          .selectable(
              new SelectableField(
                  "status.replicas", r -> Long.toString(r.status().integer("replicas").orElse(0))))
          .hooks(new ReplicaSetHooks())
          .build();

  private ReplicaSetKind() {}
}
