package dev.nacelle.api.kinds.containers;

import dev.nacelle.api.definition.ResourceDefinition;
import java.util.List;

/** The kinds of our own group, {@code containers.nacelle.dev}. */
public final class ContainersKinds {
  public static final List<ResourceDefinition> ALL =
      List.of(ContainerGroupProfileKind.DEFINITION, NGroupKind.DEFINITION);

  private ContainersKinds() {}
}
