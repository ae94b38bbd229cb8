package dev.nacelle.node.start;

import dev.nacelle.api.client.ApiClient;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.ResourceType;
import java.util.Optional;

/**
 * What pods refer to. Reads are as of now, so that a pod never starts with a stale ConfigMap. Safe
 * for any thread.
 */
public final class References {
  private final ApiClient client;

  public References(ApiClient client) {
    this.client = client;
  }

  public Optional<KubeObject> find(ResourceType type, String namespace, String name) {
    return client.find(type, new ObjectKey(namespace, name));
  }
}
