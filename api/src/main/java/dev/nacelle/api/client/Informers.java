package dev.nacelle.api.client;

import dev.nacelle.api.object.ResourceType;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** One shared {@link Informer} per resource, started when first asked for. Safe for any thread. */
public final class Informers implements AutoCloseable {
  private final ApiClient client;
  private final Map<ResourceType, Informer> informers = new ConcurrentHashMap<>();

  public Informers(ApiClient client) {
    this.client = client;
  }

  /** The informer of all objects of a resource in all namespaces. */
  public Informer of(ResourceType type) {
    return informers.computeIfAbsent(type, t -> new Informer(client, t, ListOptions.ALL).start());
  }

  @Override
  public void close() {
    informers.values().forEach(Informer::close);
  }
}
