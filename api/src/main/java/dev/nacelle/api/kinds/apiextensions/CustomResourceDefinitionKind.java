package dev.nacelle.api.kinds.apiextensions;

import dev.nacelle.api.definition.ResourceDefinition;
import dev.nacelle.api.kinds.shared.Kind;

/** A kind that users define. */
public final class CustomResourceDefinitionKind {
  public static final ResourceDefinition DEFINITION =
      Kind.of(
              "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition",
              "apiextensions.k8s.io/v1",
              "CustomResourceDefinition",
              "customresourcedefinitions",
              "crd",
              "crds")
          .in("api-extensions")
          .clusterScoped()
          .status()
          .hooks(new CustomResourceDefinitionHooks())
          .build();

  private CustomResourceDefinitionKind() {}
}
