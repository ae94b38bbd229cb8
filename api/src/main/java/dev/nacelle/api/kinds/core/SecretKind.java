package dev.nacelle.api.kinds.core;

import dev.nacelle.api.definition.ResourceDefinition;
import dev.nacelle.api.kinds.shared.Cells;
import dev.nacelle.api.kinds.shared.Kind;

/** Values that few may read, in base64. */
final class SecretKind {
  static final ResourceDefinition DEFINITION =
      Kind.of("io.k8s.api.core.v1.Secret", "v1", "Secret", "secrets")
          .columns(
              Cells.NAME,
              Cells.text("Type", secret -> secret.json().string("type").orElse(""))
                  .describedAs("What the keys mean."),
              Cells.count("Data", secret -> secret.json().object("data").size())
                  .describedAs("The number of keys."),
              Cells.AGE)
          .selectable("type")
          .hooks(new SecretHooks())
          .build();

  private SecretKind() {}
}
