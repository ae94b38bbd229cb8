package dev.nacelle.node.start;

import dev.nacelle.api.client.ApiClient;
import dev.nacelle.api.client.Informer;
import dev.nacelle.api.client.ListOptions;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import java.math.BigInteger;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Watches each ConfigMap and Secret that pods of this host use: one watch per object, shared by its
 * users and ended with the last. Bounded: beyond {@value #MOST} objects a change is seen only when
 * a pod is looked at anyway. Safe for any thread.
 */
public final class ReferenceWatches implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ReferenceWatches.class);
  private static final int MOST = 4_096;

  /** One watched object; its users by pod UID, with the version that they have. */
  private record Watched(Informer informer, Map<String, String> users) {}

  private final ApiClient client;
  private final Map<References.Reference, Watched> watched = new HashMap<>();
  private final Map<String, Runnable> listeners = new HashMap<>();
  private boolean full;

  public ReferenceWatches(ApiClient client) {
    this.client = client;
  }

  /**
   * States what a pod uses, in place of what was stated before.
   *
   * @param uses the version of each object that the pod has; empty for one that is missing
   * @param changed called on any thread, also within this call, when one of them has another
   *     version; must not block
   */
  public synchronized void use(
      String podUid, Map<References.Reference, String> uses, Runnable changed) {
    Set<References.Reference> unused = new HashSet<>();
    watched.forEach(
        (reference, w) -> {
          if (w.users().containsKey(podUid) && !uses.containsKey(reference)) {
            unused.add(reference);
          }
        });
    unused.forEach(reference -> leave(reference, podUid));
    if (uses.isEmpty()) {
      listeners.remove(podUid);
      return;
    }
    listeners.put(podUid, changed);
    uses.forEach((reference, version) -> join(reference, podUid, version));
  }

  /** The pod uses nothing any more. */
  public void release(String podUid) {
    use(podUid, Map.of(), () -> {});
  }

  /** How many objects are watched. */
  public synchronized int size() {
    return watched.size();
  }

  @Override
  public synchronized void close() {
    watched.values().forEach(w -> w.informer().close());
    watched.clear();
    listeners.clear();
  }

  private void join(References.Reference reference, String podUid, String version) {
    Watched present = watched.get(reference);
    if (present == null) {
      if (watched.size() >= MOST) {
        if (!full) {
          LOG.warn("more than {} ConfigMaps and Secrets are in use: not all are watched", MOST);
        }
        full = true;
        return;
      }
      present = new Watched(informer(reference), new HashMap<>());
      watched.put(reference, present);
      present.users().put(podUid, version);
      present.informer().listen((before, after) -> changed(reference, after));
      present.informer().start();
      return;
    }
    present.users().put(podUid, version);
    var key = new ObjectKey(reference.namespace(), reference.name());
    present
        .informer()
        .get(key)
        .filter(o -> isNewer(o.resourceVersion(), version))
        .ifPresent(o -> tell(podUid));
  }

  private Informer informer(References.Reference reference) {
    return new Informer(
        client,
        reference.type(),
        ListOptions.inNamespace(reference.namespace())
            .withFieldSelector("metadata.name=" + reference.name()));
  }

  private void leave(References.Reference reference, String podUid) {
    Watched present = watched.get(reference);
    if (present == null) {
      return;
    }
    present.users().remove(podUid);
    if (present.users().isEmpty()) {
      watched.remove(reference);
      present.informer().close();
      full = false;
    }
  }

  private void changed(References.Reference reference, Optional<KubeObject> after) {
    List<Runnable> toTell;
    synchronized (this) {
      Watched present = watched.get(reference);
      if (present == null || after.isEmpty()) {
        // what was deleted leaves the files as they are
        return;
      }
      String version = after.get().resourceVersion();
      toTell =
          present.users().entrySet().stream()
              .filter(e -> isNewer(version, e.getValue()))
              .map(e -> listeners.getOrDefault(e.getKey(), () -> {}))
              .toList();
    }
    toTell.forEach(Runnable::run);
  }

  private void tell(String podUid) {
    listeners.getOrDefault(podUid, () -> {}).run();
  }

  private static boolean isNewer(String version, String known) {
    if (known.isEmpty()) {
      return true;
    }
    if (version.matches("\\d+") && known.matches("\\d+")) {
      return new BigInteger(version).compareTo(new BigInteger(known)) > 0;
    }
    return !version.equals(known);
  }
}
