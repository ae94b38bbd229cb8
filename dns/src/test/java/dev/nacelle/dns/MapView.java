package dev.nacelle.dns;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.YamlReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A view of objects that a test gives. */
final class MapView implements ClusterView {
  boolean synced = true;
  final List<KubeObject> services = new ArrayList<>();
  final List<KubeObject> slices = new ArrayList<>();

  static KubeObject object(String yaml) {
    return new KubeObject((JsonObject) YamlReader.read(Bytes.utf8(yaml)));
  }

  MapView service(String yaml) {
    services.add(object(yaml));
    return this;
  }

  MapView slice(String yaml) {
    slices.add(object(yaml));
    return this;
  }

  @Override
  public boolean isSynced() {
    return synced;
  }

  @Override
  public boolean hasNamespace(String name) {
    return name.equals("default") || name.equals("prod");
  }

  @Override
  public Optional<KubeObject> service(ObjectKey key) {
    return services.stream().filter(s -> s.key().equals(key)).findFirst();
  }

  @Override
  public List<KubeObject> slices(ObjectKey service) {
    return slices.stream()
        .filter(s -> s.namespace().equals(service.namespace()))
        .filter(s -> s.label("kubernetes.io/service-name").orElse("").equals(service.name()))
        .toList();
  }

  @Override
  public Optional<KubeObject> serviceAt(String address) {
    return services.stream()
        .filter(s -> ClusterZone.clusterAddresses(s).anyMatch(address::equals))
        .findFirst();
  }

  @Override
  public List<KubeObject> slicesAt(String address) {
    return slices.stream().filter(s -> s.json().toString().contains(address)).toList();
  }
}
