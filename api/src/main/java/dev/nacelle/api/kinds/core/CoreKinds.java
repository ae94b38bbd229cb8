package dev.nacelle.api.kinds.core;

import dev.nacelle.api.definition.ResourceDefinition;
import java.util.List;

/** The kinds of the core group. */
public final class CoreKinds {
  public static final List<ResourceDefinition> ALL =
      List.of(
          BindingKind.DEFINITION,
          ConfigMapKind.DEFINITION,
          EndpointsKind.DEFINITION,
          EventKind.DEFINITION,
          NamespaceKind.DEFINITION,
          NodeKind.DEFINITION,
          PodKind.DEFINITION,
          SecretKind.DEFINITION,
          ServiceKind.DEFINITION,
          ServiceAccountKind.DEFINITION);

  private CoreKinds() {}

  /** The kind of events, which group {@code events.k8s.io} shows in another shape. */
  public static ResourceDefinition event() {
    return EventKind.DEFINITION;
  }
}
