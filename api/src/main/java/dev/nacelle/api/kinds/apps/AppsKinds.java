package dev.nacelle.api.kinds.apps;

import dev.nacelle.api.definition.ResourceDefinition;
import java.util.List;

/** The kinds of group {@code apps}. */
public final class AppsKinds {
  public static final List<ResourceDefinition> ALL =
      List.of(
          ControllerRevisionKind.DEFINITION, DeploymentKind.DEFINITION, ReplicaSetKind.DEFINITION);

  private AppsKinds() {}
}
