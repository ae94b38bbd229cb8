package dev.nacelle.testkit.node;

import dev.nacelle.api.client.ApiClient;
import dev.nacelle.api.client.DeleteOptions;
import dev.nacelle.api.client.Identity;
import dev.nacelle.api.client.ListOptions;
import dev.nacelle.api.client.ObjectList;
import dev.nacelle.api.client.ObjectWatch;
import dev.nacelle.api.client.Patch;
import dev.nacelle.api.client.WriteOptions;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.ResourceType;
import dev.nacelle.api.object.Resources;
import dev.nacelle.api.patch.MergePatch;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * An API of plain objects: no defaults, no validation, every patch is merged. Pods are deleted with
 * grace. Knows the field selectors that a node uses. Safe for any thread.
 */
public final class MemoryApi implements ApiClient {
  private record Place(ResourceType type, ObjectKey key) {}

  private final Map<String, Map<Place, KubeObject>> objects = new TreeMap<>();
  private final List<Watch> watches = new ArrayList<>();
  private final List<KubeObject> history = new ArrayList<>();
  private long revision = 100;
  private boolean down;

  /** From now on every call is refused as if no server answered. */
  public synchronized void goDown() {
    down = true;
  }

  /** Answers again. */
  public synchronized void comeUp() {
    down = false;
  }

  /** Every state that a pod has had, in order. */
  public synchronized List<KubeObject> history(ObjectKey pod) {
    return history.stream().filter(o -> o.key().equals(pod)).toList();
  }

  /** How many watches of a resource are open. */
  public synchronized long openWatches(ResourceType type) {
    return watches.stream().filter(w -> w.type.equals(type)).count();
  }

  /** Takes an object away at once, as a deletion by force. */
  public synchronized void remove(ResourceType type, ObjectKey key) {
    KubeObject before = of(type).remove(new Place(type, key));
    if (before != null) {
      tell(type, ObjectWatch.EventType.DELETED, stamped(before));
    }
  }

  @Override
  public synchronized KubeObject get(ResourceType type, ObjectKey key) {
    requireUp();
    KubeObject found = of(type).get(new Place(type, key));
    if (found == null) {
      throw ApiException.notFound(type, key.name());
    }
    return found;
  }

  @Override
  public synchronized ObjectList list(ResourceType type, ListOptions options) {
    requireUp();
    return new ObjectList(
        of(type).values().stream().filter(o -> selects(options, o)).toList(),
        Long.toString(revision),
        "",
        OptionalLong.empty());
  }

  @Override
  public synchronized KubeObject create(
      ResourceType type, KubeObject object, WriteOptions options) {
    requireUp();
    if (of(type).containsKey(new Place(type, object.key()))) {
      throw ApiException.alreadyExists(type, object.name());
    }
    return store(type, object, ObjectWatch.EventType.ADDED);
  }

  @Override
  public synchronized KubeObject post(
      ResourceType type, ObjectKey key, String subresource, KubeObject body, WriteOptions options) {
    requireUp();
    if (subresource.equals("token")) {
      long seconds = body.spec().integer("expirationSeconds").orElse(3600);
      return body.withStatus(
          JsonObject.builder()
              .put("token", "token-" + ++revision)
              .put("expirationTimestamp", KubeObject.formatTime(Instant.now().plusSeconds(seconds)))
              .build());
    }
    throw ApiException.notFound();
  }

  @Override
  public synchronized KubeObject update(
      ResourceType type, KubeObject object, WriteOptions options) {
    get(type, object.key());
    return store(type, object, ObjectWatch.EventType.MODIFIED);
  }

  @Override
  public synchronized KubeObject patch(
      ResourceType type, ObjectKey key, Patch patch, WriteOptions options) {
    KubeObject before = get(type, key);
    var after = new KubeObject(MergePatch.apply(before.json(), patch.body()));
    if (!after.uid().equals(before.uid())) {
      throw ApiException.conflict(type, key.name(), "the UID in the precondition differs");
    }
    return store(type, after, ObjectWatch.EventType.MODIFIED);
  }

  @Override
  public synchronized void delete(ResourceType type, ObjectKey key, DeleteOptions options) {
    KubeObject before = get(type, key);
    if (options.uid().filter(u -> !u.equals(before.uid())).isPresent()) {
      throw ApiException.conflict(type, key.name(), "the UID in the precondition differs");
    }
    long grace =
        options
            .gracePeriodSeconds()
            .orElse(before.spec().integer("terminationGracePeriodSeconds").orElse(30));
    if (type.equals(Resources.PODS) && grace > 0) {
      store(
          type,
          before
              .withMetadata(
                  "deletionTimestamp",
                  Json.of(KubeObject.formatTime(Instant.now().plusSeconds(grace))))
              .withMetadata("deletionGracePeriodSeconds", Json.of(grace)),
          ObjectWatch.EventType.MODIFIED);
    } else {
      remove(type, key);
    }
  }

  @Override
  public void deleteCollection(ResourceType type, ListOptions selection, DeleteOptions options) {
    list(type, selection).items().forEach(o -> delete(type, o.key(), options));
  }

  @Override
  public synchronized ObjectWatch watch(ResourceType type, ListOptions options) {
    requireUp();
    var watch = new Watch(type, options);
    // the test's own writes may come between a list and this: say everything again
    of(type).values().stream()
        .filter(o -> selects(options, o))
        .forEach(o -> watch.queue.add(new ObjectWatch.Event(ObjectWatch.EventType.MODIFIED, o)));
    watches.add(watch);
    return watch;
  }

  @Override
  public ApiClient as(Identity identity) {
    return this;
  }

  private void requireUp() {
    if (down) {
      throw ApiException.unavailable("the server is down");
    }
  }

  private Map<Place, KubeObject> of(ResourceType type) {
    return objects.computeIfAbsent(
        type.toString(), t -> new java.util.LinkedHashMap<Place, KubeObject>());
  }

  private KubeObject store(ResourceType type, KubeObject object, ObjectWatch.EventType event) {
    KubeObject stored = stamped(object);
    of(type).put(new Place(type, object.key()), stored);
    if (type.equals(Resources.PODS)) {
      history.add(stored);
    }
    tell(type, event, stored);
    return stored;
  }

  private KubeObject stamped(KubeObject object) {
    return object.withMetadata("resourceVersion", Json.of(Long.toString(++revision)));
  }

  private void tell(ResourceType type, ObjectWatch.EventType event, KubeObject object) {
    for (Watch watch : watches) {
      if (watch.type.equals(type) && selects(watch.options, object)) {
        watch.queue.add(new ObjectWatch.Event(event, object));
      }
    }
  }

  private static boolean selects(ListOptions options, KubeObject object) {
    String[] field = options.fieldSelector().split("=", 2);
    boolean selected =
        switch (field[0]) {
          case "" -> true;
          case "metadata.name" -> object.name().equals(field[1]);
          case "spec.nodeName" -> object.spec().string("nodeName").orElse("").equals(field[1]);
          default -> throw new IllegalArgumentException(options.fieldSelector());
        };
    return selected
        && (options.namespace().isEmpty() || options.namespace().equals(object.namespace()));
  }

  private final class Watch implements ObjectWatch {
    private final ResourceType type;
    private final ListOptions options;
    private final LinkedBlockingQueue<Event> queue = new LinkedBlockingQueue<>();

    Watch(ResourceType type, ListOptions options) {
      this.type = type;
      this.options = options;
    }

    @Override
    public Optional<Event> next(Duration timeout) throws InterruptedException {
      return Optional.ofNullable(queue.poll(timeout.toMillis(), TimeUnit.MILLISECONDS));
    }

    @Override
    public void close() {
      synchronized (MemoryApi.this) {
        watches.remove(this);
      }
    }
  }
}
