package dev.nacelle.controllers.garbage;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/** All objects by UID, and their dependents. Safe for any thread. */
final class OwnerGraph {
  private final Map<String, OwnedItem> items = new HashMap<>();
  private final Map<String, Set<String>> dependents = new HashMap<>();

  synchronized void put(OwnedItem item) {
    remove(item.uid());
    items.put(item.uid(), item);
    item.owners()
        .forEach(o -> dependents.computeIfAbsent(o.uid(), u -> new HashSet<>()).add(item.uid()));
  }

  synchronized void remove(String uid) {
    OwnedItem old = items.remove(uid);
    if (old != null) {
      old.owners()
          .forEach(
              o ->
                  dependents.computeIfPresent(
                      o.uid(),
                      (u, uids) -> {
                        uids.remove(uid);
                        return uids.isEmpty() ? null : uids;
                      }));
    }
  }

  synchronized Optional<OwnedItem> get(String uid) {
    return Optional.ofNullable(items.get(uid));
  }

  synchronized List<OwnedItem> dependentsOf(String uid) {
    return dependents.getOrDefault(uid, Set.of()).stream()
        .map(items::get)
        .filter(Objects::nonNull)
        .toList();
  }
}
