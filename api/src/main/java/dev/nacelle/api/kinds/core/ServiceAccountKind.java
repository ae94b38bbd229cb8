package dev.nacelle.api.kinds.core;

import dev.nacelle.api.definition.ResourceDefinition;
import dev.nacelle.api.kinds.shared.Cells;
import dev.nacelle.api.kinds.shared.Kind;
import dev.nacelle.api.object.GroupVersionKind;

/** An identity for what runs in pods. */
final class ServiceAccountKind {
  static final ResourceDefinition DEFINITION =
      Kind.of("io.k8s.api.core.v1.ServiceAccount", "v1", "ServiceAccount", "serviceaccounts", "sa")
          .subresource(
              "token",
              new GroupVersionKind("authentication.k8s.io", "v1", "TokenRequest"),
              "create")
          .columns(
              Cells.NAME,
              Cells.count("Secrets", account -> account.json().array("secrets").size())
                  .describedAs("The number of secrets that pods of this account may use."),
              Cells.AGE)
          .hooks(new ServiceAccountHooks())
          .build();

  private ServiceAccountKind() {}
}
