package dev.nacelle.dns;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import java.util.List;
import java.util.Optional;

/** What the zone is made from, as of now. Safe for any thread. */
interface ClusterView {

  /** Whether all is known; before that nothing can be denied. */
  boolean isSynced();

  boolean hasNamespace(String name);

  Optional<KubeObject> service(ObjectKey key);

  /** The slices of a service. */
  List<KubeObject> slices(ObjectKey service);

  /** The service that has this cluster address. */
  Optional<KubeObject> serviceAt(String address);

  /** Slices with an endpoint of this address. */
  List<KubeObject> slicesAt(String address);
}
