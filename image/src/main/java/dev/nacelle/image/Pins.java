package dev.nacelle.image;

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Digests and layer keys that running pulls and imports are about to need, so that garbage
 * collection spares them. Safe for any thread.
 */
final class Pins {
  private final Map<String, Integer> counts = new HashMap<>();

  /** Holds some pins until it is closed. */
  interface Pin extends AutoCloseable {
    @Override
    void close();
  }

  Pin pin(Collection<String> names) {
    List<String> held = List.copyOf(names);
    synchronized (counts) {
      held.forEach(name -> counts.merge(name, 1, Integer::sum));
    }
    return () -> release(held);
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
