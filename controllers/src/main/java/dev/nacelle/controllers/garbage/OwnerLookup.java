package dev.nacelle.controllers.garbage;

import dev.nacelle.api.client.ApiClient;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.OwnerReference;
import dev.nacelle.api.object.ResourceType;
import dev.nacelle.controllers.garbage.GarbagePlan.OwnerState;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Says how an owner is: from the graph, or by a live look where the graph does not know it. For any
 * thread.
 */
final class OwnerLookup {
  private static final int REMEMBERED = 1_000;

  private final ApiClient client;
  private final OwnerGraph graph;
  private final Supplier<List<ResourceType>> resources;

  /** UIDs that were looked for and not found; UIDs never come back. Guarded by itself. */
  private final Map<String, Boolean> absent =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
          return size() > REMEMBERED;
        }
      };

  OwnerLookup(ApiClient client, OwnerGraph graph, Supplier<List<ResourceType>> resources) {
    this.client = client;
    this.graph = graph;
    this.resources = resources;
  }

  OwnerState state(OwnerReference owner, OwnedItem item) {
    Optional<OwnedItem> known = graph.get(owner.uid());
    if (known.isPresent()) {
      String namespace = known.get().key().namespace();
      boolean inReach = namespace.isEmpty() || namespace.equals(item.key().namespace());
      if (!inReach) {
        return OwnerState.ABSENT;
      }
      return known.get().waitsForDependents() ? OwnerState.WAITING : OwnerState.SOLID;
    }
    synchronized (absent) {
      if (absent.containsKey(owner.uid())) {
        return OwnerState.ABSENT;
      }
    }
    OwnerState live = live(owner, item);
    if (live == OwnerState.ABSENT) {
      synchronized (absent) {
        absent.put(owner.uid(), true);
      }
    }
    return live;
  }

  private OwnerState live(OwnerReference owner, OwnedItem item) {
    Optional<ResourceType> type = resource(owner);
    if (type.isEmpty()) {
      return OwnerState.UNKNOWN;
    }
    Optional<KubeObject> found =
        client
            .find(type.get(), new ObjectKey(item.key().namespace(), owner.name()))
            .or(
                () ->
                    item.key().namespace().isEmpty()
                        ? Optional.empty()
                        : client.find(type.get(), ObjectKey.cluster(owner.name())))
            .filter(o -> o.uid().equals(owner.uid()));
    if (found.isEmpty()) {
      return OwnerState.ABSENT;
    }
    return OwnedItem.of(type.get(), found.get()).waitsForDependents()
        ? OwnerState.WAITING
        : OwnerState.SOLID;
  }

  private Optional<ResourceType> resource(OwnerReference owner) {
    int slash = owner.apiVersion().indexOf('/');
    String group = slash < 0 ? "" : owner.apiVersion().substring(0, slash);
    List<String> plurals = plurals(owner.kind().toLowerCase(Locale.ROOT));
    return resources.get().stream()
        .filter(t -> t.group().equals(group) && plurals.contains(t.resource()))
        .findFirst();
  }

  /** The forms that a plural takes in resource names. */
  private static List<String> plurals(String kind) {
    return kind.endsWith("y")
        ? List.of(kind.substring(0, kind.length() - 1) + "ies", kind + "s")
        : List.of(kind + "s", kind + "es", kind);
  }
}
