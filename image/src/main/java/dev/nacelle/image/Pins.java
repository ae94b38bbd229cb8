package dev.nacelle.image;

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Digests and layer keys that running pulls, imports, mounts and verbs need, so that garbage
 * collection spares them. What is looked for after it was pinned is not removed while it is: pins
 * are taken under the lock that removals hold. Safe for any thread.
 */
final class Pins {
  private final IndexLock lock;
  private final Map<String, Integer> counts = new HashMap<>();

  Pins(IndexLock lock) {
    this.lock = lock;
  }

  /** Holds some pins until it is closed. */
  interface Pin extends AutoCloseable {
    @Override
    void close();
  }

  Pin pin(Collection<String> names) {
    List<String> held = List.copyOf(names);
    return lock.locked(
        "pin",
        () -> {
          synchronized (counts) {
            held.forEach(name -> counts.merge(name, 1, Integer::sum));
          }
          return () -> release(held);
        });
  }

  /** All of an image. */
  Pin pin(StoredImage image) {
    return pin(image.parts());
  }

  private void release(List<String> names) {
    synchronized (counts) {
      names.forEach(name -> counts.computeIfPresent(name, (n, c) -> c == 1 ? null : c - 1));
    }
  }

  Set<String> all() {
    synchronized (counts) {
      return Set.copyOf(counts.keySet());
    }
  }
}
