package dev.nacelle.node.start;

import dev.nacelle.api.client.ApiClient;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.ResourceType;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** Reads what a pod refers to, and remembers what was read in which version. For any thread. */
public final class UsedReferences implements References {
  private final ApiClient client;
  private final Map<Reference, String> versions = new ConcurrentHashMap<>();

  public UsedReferences(ApiClient client) {
    this.client = client;
  }

  @Override
  public Optional<KubeObject> find(ResourceType type, String namespace, String name) {
    Optional<KubeObject> object = client.find(type, new ObjectKey(namespace, name));
    versions.put(
        new Reference(type, namespace, name), object.map(KubeObject::resourceVersion).orElse(""));
    return object;
  }

  /** The resourceVersion of each thing that was read; empty for what was not there. */
  public Map<Reference, String> versions() {
    return Map.copyOf(versions);
  }
}
