package dev.nacelle.api.kinds;

import dev.nacelle.api.definition.ResourceDefinition;
import dev.nacelle.api.kinds.apiextensions.CustomResourceDefinitionKind;
import dev.nacelle.api.kinds.apps.AppsKinds;
import dev.nacelle.api.kinds.authentication.AuthenticationKinds;
import dev.nacelle.api.kinds.authorization.AuthorizationKinds;
import dev.nacelle.api.kinds.certificates.CertificateSigningRequestKind;
import dev.nacelle.api.kinds.containers.ContainersKinds;
import dev.nacelle.api.kinds.coordination.LeaseKind;
import dev.nacelle.api.kinds.core.CoreKinds;
import dev.nacelle.api.kinds.discovery.EndpointSliceKind;
import dev.nacelle.api.kinds.events.EventsEventKind;
import dev.nacelle.api.kinds.rbac.RbacKinds;
import dev.nacelle.api.kinds.scheduling.PriorityClassKind;
import java.util.List;
import java.util.stream.Stream;

/** All kinds that are built in. */
public final class BuiltInKinds {
  private static final List<ResourceDefinition> ALL =
      Stream.of(
              CoreKinds.ALL,
              List.of(CustomResourceDefinitionKind.DEFINITION),
              AppsKinds.ALL,
              List.of(EventsEventKind.DEFINITION),
              AuthenticationKinds.ALL,
              AuthorizationKinds.ALL,
              List.of(
                  CertificateSigningRequestKind.DEFINITION,
                  LeaseKind.DEFINITION,
                  EndpointSliceKind.DEFINITION,
                  PriorityClassKind.DEFINITION),
              RbacKinds.ALL,
              ContainersKinds.ALL)
          .flatMap(List::stream)
          .toList();

  private BuiltInKinds() {}

  /** In the order in which discovery prefers them: the core group first, our own group last. */
  public static List<ResourceDefinition> all() {
    return ALL;
  }
}
