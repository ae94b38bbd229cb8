package dev.nacelle.dns;

import dev.nacelle.api.client.Informer;
import dev.nacelle.api.client.Informers;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.Resources;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The view of the shared informers. */
final class InformerView implements ClusterView {
  private static final String BY_ADDRESS = "dns address";
  private static final String BY_SERVICE = "dns service";

  private final Informer namespaces;
  private final Informer services;
  private final Informer slices;

  InformerView(Informers informers) {
    this.namespaces = informers.of(Resources.NAMESPACES);
    this.services = informers.of(Resources.SERVICES);
    this.slices = informers.of(Resources.ENDPOINT_SLICES);
    services.index(BY_ADDRESS, s -> ClusterZone.clusterAddresses(s).toList());
    slices.index(BY_SERVICE, s -> List.of(serviceOf(s).toString()));
    slices.index(
        BY_ADDRESS,
        s ->
            s.json()
                .array("endpoints")
                .objects()
                .flatMap(e -> e.array("addresses").strings())
                .toList());
  }

  private static ObjectKey serviceOf(KubeObject slice) {
    return new ObjectKey(slice.namespace(), slice.label("kubernetes.io/service-name").orElse(""));
  }

  @Override
  public boolean isSynced() {
    return Stream.of(namespaces, services, slices).allMatch(Informer::isSynced);
  }

  @Override
  public boolean hasNamespace(String name) {
    return namespaces.get(ObjectKey.cluster(name)).isPresent();
  }

  @Override
  public Optional<KubeObject> service(ObjectKey key) {
    return services.get(key);
  }

  @Override
  public List<KubeObject> slices(ObjectKey service) {
    return slices.by(BY_SERVICE, service.toString());
  }

  @Override
  public Optional<KubeObject> serviceAt(String address) {
    return services.by(BY_ADDRESS, address).stream().findFirst();
  }

  @Override
  public List<KubeObject> slicesAt(String address) {
    return slices.by(BY_ADDRESS, address);
  }
}
