package dev.nacelle.api.kinds.scheduling;

import dev.nacelle.api.definition.Column;
import dev.nacelle.api.definition.ResourceDefinition;
import dev.nacelle.api.kinds.shared.Cells;
import dev.nacelle.api.kinds.shared.Kind;
import dev.nacelle.base.json.Json;

/** How much a pod matters when there is not room for all. */
public final class PriorityClassKind {
  public static final ResourceDefinition DEFINITION =
      Kind.of(
              "io.k8s.api.scheduling.v1.PriorityClass",
              "scheduling.k8s.io/v1",
              "PriorityClass",
              "priorityclasses",
              "pc")
          .clusterScoped()
          .columns(
              Cells.NAME,
              Cells.number("Value", c -> c.json().integer("value").orElse(0))
                  .describedAs("The priority of its pods."),
              Column.of(
                      "Global-Default",
                      "boolean",
                      (c, now) -> Json.of(c.json().bool("globalDefault").orElse(false)))
                  .describedAs("Whether pods without a class get it."),
              Cells.AGE,
              Cells.text("PreemptionPolicy", c -> c.json().string("preemptionPolicy").orElse(""))
                  .describedAs("Whether its pods may evict others."))
          .hooks(new PriorityClassHooks())
          .build();

  private PriorityClassKind() {}
}
