package dev.nacelle.apiserver.watch;

import dev.nacelle.api.definition.ResourceDefinition;
import dev.nacelle.store.Store;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * One cache per resource, made when first asked for. A changed definition gets a new one, and the
 * watches on the old one end.
 */
public final class WatchCaches implements AutoCloseable {
  private final Store store;
  private final Map<String, WatchCache> caches = new ConcurrentHashMap<>();
  private volatile boolean closed;

  public WatchCaches(Store store) {
    this.store = store;
  }

  public WatchCache of(ResourceDefinition definition) {
    WatchCache present = caches.get(definition.groupResource());
    if (present != null && present.definition() == definition) {
      return present;
    }
    return caches.compute(
        definition.groupResource(),
        (name, old) -> {
          if (old != null && old.definition() == definition) {
            return old;
          }
          if (old != null) {
            old.close();
          }
          var made = new WatchCache(store, definition);
          if (closed) {
            made.close();
            return made;
          }
          return made.start();
        });
  }

  /** Ends the watches of a resource that is no longer served, or is served differently. */
  public void drop(ResourceDefinition definition) {
    caches.computeIfPresent(
        definition.groupResource(),
        (name, cache) -> {
          cache.close();
          return null;
        });
  }

  /** Ends all watches. Idempotent. */
  @Override
  public void close() {
    closed = true;
    caches.values().forEach(WatchCache::close);
  }
}
