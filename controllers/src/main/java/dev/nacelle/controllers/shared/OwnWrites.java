package dev.nacelle.controllers.shared;

import dev.nacelle.api.client.Informer;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What an owner wrote and its cache does not show yet: decisions on such a cache would count wrong.
 * What does not appear within ten seconds is no longer waited for. Safe for any thread.
 */
public final class OwnWrites {
  private static final Duration LONGEST = Duration.ofSeconds(10);

  private record Write(String resourceVersion, Instant at) {}

  private final Informer cache;
  private final InstantSource clock;
  private final Map<ObjectKey, Map<ObjectKey, Write>> writes = new HashMap<>();

  /**
   * @param cache of the objects that are written
   */
  public OwnWrites(Informer cache, InstantSource clock) {
    this.cache = cache;
    this.clock = clock;
  }

  /** The owner has written the object; this is what the server answered. */
  public synchronized void written(ObjectKey owner, KubeObject answer) {
    writes
        .computeIfAbsent(owner, o -> new HashMap<>())
        .put(answer.key(), new Write(answer.resourceVersion(), clock.instant()));
  }

  /** Whether the cache shows all that the owner wrote. */
  public synchronized boolean areVisible(ObjectKey owner) {
    Map<ObjectKey, Write> own = writes.get(owner);
    if (own == null) {
      return true;
    }
    Instant limit = clock.instant().minus(LONGEST);
    own.entrySet()
        .removeIf(
            e ->
                e.getValue().at().isBefore(limit)
                    || isShown(cache.get(e.getKey()), e.getValue().resourceVersion()));
    if (own.isEmpty()) {
      writes.remove(owner);
    }
    return own.isEmpty();
  }

  /** The owner is gone. */
  public synchronized void forget(ObjectKey owner) {
    writes.remove(owner);
  }

  /** Revisions are numbers that grow, as the API promises since 1.35. */
  private static boolean isShown(Optional<KubeObject> cached, String version) {
    return cached
        .filter(
            object ->
                object.resourceVersion().length() > version.length()
                    || (object.resourceVersion().length() == version.length()
                        && object.resourceVersion().compareTo(version) >= 0))
        .isPresent();
  }
}
