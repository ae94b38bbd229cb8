package dev.nacelle.api.kinds.core;

import dev.nacelle.api.definition.ResourceDefinition;
import dev.nacelle.api.kinds.shared.Cells;
import dev.nacelle.api.kinds.shared.Kind;

/** Settings as keys and values. */
final class ConfigMapKind {
  static final ResourceDefinition DEFINITION =
      Kind.of("io.k8s.api.core.v1.ConfigMap", "v1", "ConfigMap", "configmaps", "cm")
          .columns(
              Cells.NAME,
              Cells.count(
                      "Data",
                      map ->
                          map.json().object("data").size() + map.json().object("binaryData").size())
                  .describedAs("The number of keys."),
              Cells.AGE)
          .hooks(new ConfigMapHooks())
          .build();

  private ConfigMapKind() {}
}
