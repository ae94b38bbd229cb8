package dev.nacelle.testkit.api;

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
import dev.nacelle.api.selector.LabelSelector;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.api.status.Status;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * An API in memory, good enough for controllers: revisions, conflicts, selectors, watches without
 * gaps, the status, binding and finalize subresources, finalizers and grace. No validation, no
 * defaults, no authorization. Watches can be held back, as a slow network would. Safe for any
 * thread.
 */
public final class FakeApiClient implements ApiClient {
  private final Set<String> seenNamespaces = ConcurrentHashMap.newKeySet();
  private final InstantSource clock;
  private final List<Consumer<Write>> checks = new CopyOnWriteArrayList<>();

  /** Guarded by this, as all below. */
  private final Map<String, TreeMap<ObjectKey, KubeObject>> objects = new TreeMap<>();

  private final List<FakeWatch.Entry> log = new ArrayList<>();
  private long revision = 1;
  private long uids;
  private boolean held;

  public FakeApiClient(InstantSource clock) {
    this.clock = clock;
  }

  /** A write that is about to happen; {@code verb} is create, update, patch, delete or post. */
  public record Write(String verb, ResourceType type, ObjectKey key, String subresource) {}

  /** Hears of every write before it happens; what it throws, the caller gets. */
  public void beforeWrites(Consumer<Write> check) {
    checks.add(check);
  }

  private void check(String verb, ResourceType type, ObjectKey key, String subresource) {
    var write = new Write(verb, type, key, subresource);
    checks.forEach(c -> c.accept(write));
  }

  /** From now on watches deliver nothing, until {@link #release}. */
  public synchronized void hold() {
    held = true;
  }

  /** Watches deliver what was held back. */
  public synchronized void release() {
    held = false;
    notifyAll();
  }

  synchronized boolean isHeld() {
    return held;
  }

  /**
   * Waits until a condition on the objects holds; looks again at every write.
   *
   * @return false if it did not come true in time
   */
  public synchronized boolean await(BooleanSupplier condition, Duration atMost)
      throws InterruptedException {
    long deadline = System.nanoTime() + atMost.toNanos();
    while (!condition.getAsBoolean()) {
      long left = (deadline - System.nanoTime()) / 1_000_000;
      if (left <= 0) {
        return false;
      }
      wait(Math.min(left, 50));
    }
    return true;
  }

  /** All objects of a resource, by key. */
  public synchronized List<KubeObject> all(ResourceType type) {
    return List.copyOf(of(type).values());
  }

  private TreeMap<ObjectKey, KubeObject> of(ResourceType type) {
    return objects.computeIfAbsent(type.groupResource(), t -> new TreeMap<>());
  }

  @Override
  public synchronized KubeObject get(ResourceType type, ObjectKey key) {
    return Optional.ofNullable(of(type).get(key))
        .orElseThrow(() -> ApiException.notFound(type, key.name()));
  }

  @Override
  public synchronized ObjectList list(ResourceType type, ListOptions options) {
    List<KubeObject> items = of(type).values().stream().filter(o -> selects(options, o)).toList();
    return new ObjectList(items, Long.toString(revision), "", OptionalLong.empty());
  }

  static boolean selects(ListOptions options, KubeObject object) {
    return (options.namespace().isEmpty() || options.namespace().equals(object.namespace()))
        && LabelSelector.parse(options.labelSelector()).matches(object.labels());
  }

  @Override
  public KubeObject create(ResourceType type, KubeObject object, WriteOptions options) {
    check("create", type, object.key(), "");
    synchronized (this) {
      String name =
          object.name().isEmpty() ? object.generateName() + suffix(++uids) : object.name();
      var key = new ObjectKey(object.namespace(), name);
      if (of(type).containsKey(key)) {
        throw ApiException.alreadyExists(type, name);
      }
      refuseInEndingNamespace(type, key);
      KubeObject created =
          object
              .withMetadata("name", Json.of(name))
              .withMetadata("uid", Json.of("uid-" + ++uids))
              .withMetadata("creationTimestamp", now())
              .withMetadata("generation", Json.of(1));
      if (type.equals(Resources.PODS) && !created.status().has("phase")) {
        created = created.withStatus(created.status().with("phase", Json.of("Pending")));
      }
      return store(type, created, ObjectWatch.EventType.ADDED);
    }
  }

  /** A namespace that nobody made may be used: tests need not care. One that is gone may not. */
  private void refuseInEndingNamespace(ResourceType type, ObjectKey key) {
    KubeObject namespace = of(Resources.NAMESPACES).get(ObjectKey.cluster(key.namespace()));
    if (namespace != null) {
      seenNamespaces.add(key.namespace());
    } else if (seenNamespaces.contains(key.namespace())) {
      throw ApiException.notFound(Resources.NAMESPACES, key.namespace());
    }
    if (namespace != null && namespace.isBeingDeleted()) {
      String why =
          "unable to create new content in namespace "
              + key.namespace()
              + " because it is being terminated";
      var cause = new Status.Cause("NamespaceTerminating", why, "metadata.namespace");
      throw new ApiException(
          new Status(
              403,
              "Forbidden",
              type.groupResource() + " \"" + key.name() + "\" is forbidden: " + why,
              new Status.Details(
                  type.group(),
                  type.resource(),
                  key.name(),
                  "",
                  List.of(cause),
                  OptionalInt.empty())));
    }
  }

  private static String suffix(long number) {
    String text = Long.toString(number, 36);
    return "00000".substring(Math.min(5, text.length())) + text;
  }

  private Json now() {
    return Json.of(KubeObject.formatTime(clock.instant()));
  }

  private KubeObject store(ResourceType type, KubeObject object, ObjectWatch.EventType event) {
    KubeObject stored = object.withMetadata("resourceVersion", Json.of(Long.toString(++revision)));
    if (event == ObjectWatch.EventType.DELETED) {
      of(type).remove(stored.key());
    } else {
      of(type).put(stored.key(), stored);
    }
    log.add(new FakeWatch.Entry(revision, type, new ObjectWatch.Event(event, stored)));
    notifyAll();
    return stored;
  }

  @Override
  public KubeObject update(ResourceType type, KubeObject object, WriteOptions options) {
    check("update", type, object.key(), options.subresource());
    synchronized (this) {
      KubeObject present = get(type, object.key());
      boolean stale =
          !object.resourceVersion().isEmpty()
              && !object.resourceVersion().equals(present.resourceVersion());
      if (stale) {
        throw ApiException.modified(type, object.name());
      }
      return replace(type, present, object, options.subresource());
    }
  }

  private KubeObject replace(
      ResourceType type, KubeObject present, KubeObject next, String subresource) {
    KubeObject merged;
    if (subresource.equals("status")) {
      merged = present.withStatus(next.status());
    } else {
      merged =
          next.json().has("status") || present.json().has("status")
              ? next.withStatus(present.status())
              : next;
      for (String kept : List.of("uid", "creationTimestamp", "generation", "deletionTimestamp")) {
        Optional<Json> value = present.metadata().get(kept);
        merged =
            value.isPresent()
                ? merged.withMetadata(kept, value.get())
                : merged.withoutMetadata(kept);
      }
      if (!merged.spec().equals(present.spec())) {
        merged = merged.withMetadata("generation", Json.of(present.generation() + 1));
      }
    }
    KubeObject numbered =
        merged.withMetadata("resourceVersion", Json.of(present.resourceVersion()));
    if (numbered.json().equals(present.json())) {
      return present;
    }
    boolean finished =
        merged.isBeingDeleted()
            && merged.finalizers().isEmpty()
            && !waitsForGrace(type, merged)
            && merged.spec().array("finalizers").isEmpty();
    return store(
        type, merged, finished ? ObjectWatch.EventType.DELETED : ObjectWatch.EventType.MODIFIED);
  }

  private static boolean waitsForGrace(ResourceType type, KubeObject object) {
    return type.equals(Resources.PODS)
        && object.metadata().integer("deletionGracePeriodSeconds").orElse(0) > 0;
  }

  @Override
  public KubeObject patch(ResourceType type, ObjectKey key, Patch patch, WriteOptions options) {
    check("patch", type, key, options.subresource());
    synchronized (this) {
      Optional<KubeObject> present = find(type, key);
      if (present.isEmpty() && patch.type() == Patch.Type.APPLY) {
        return create(type, new KubeObject((JsonObject) patch.body()), options);
      }
      KubeObject old = get(type, key);
      JsonObject body = (JsonObject) patch.body();
      preconditions(type, old, body);
      KubeObject next = new KubeObject(MergePatch.apply(old.json(), body));
      if (patch.type() == Patch.Type.STRATEGIC && body.find("status", "conditions").isPresent()) {
        next =
            next.withStatus(
                next.status().with("conditions", merged(old, body.array("status", "conditions"))));
      }
      return replace(type, old, next, options.subresource());
    }
  }

  private static void preconditions(ResourceType type, KubeObject old, JsonObject body) {
    String version = body.string("metadata", "resourceVersion").orElse(old.resourceVersion());
    String uid = body.string("metadata", "uid").orElse(old.uid());
    if (!version.equals(old.resourceVersion()) || !uid.equals(old.uid())) {
      throw ApiException.modified(type, old.name());
    }
  }

  /** Conditions merge by their type. */
  private static JsonArray merged(KubeObject old, JsonArray changes) {
    Map<String, Json> byType = new TreeMap<>();
    old.status()
        .array("conditions")
        .objects()
        .forEach(c -> byType.put(c.string("type").orElse(""), c));
    changes.objects().forEach(c -> byType.put(c.string("type").orElse(""), c));
    return new JsonArray(List.copyOf(byType.values()));
  }

  @Override
  public KubeObject post(
      ResourceType type, ObjectKey key, String subresource, KubeObject body, WriteOptions options) {
    check("post", type, key, subresource);
    synchronized (this) {
      if (!subresource.equals("binding")) {
        throw ApiException.notFound();
      }
      KubeObject pod = get(type, key);
      if (!pod.spec().string("nodeName").orElse("").isEmpty()) {
        throw ApiException.conflict(type, key.name(), "pod is already assigned to a node");
      }
      String node = body.json().string("target", "name").orElse("");
      store(
          type,
          pod.withSpec(pod.spec().with("nodeName", Json.of(node))),
          ObjectWatch.EventType.MODIFIED);
      return new KubeObject(JsonObject.EMPTY);
    }
  }

  @Override
  public void delete(ResourceType type, ObjectKey key, DeleteOptions options) {
    check("delete", type, key, "");
    synchronized (this) {
      KubeObject present = get(type, key);
      if (options.uid().filter(uid -> !uid.equals(present.uid())).isPresent()) {
        throw ApiException.conflict(type, key.name(), "the UID in the precondition differs");
      }
      long grace = grace(type, present, options);
      KubeObject doomed = withPropagation(present, options.propagation());
      boolean stays =
          grace > 0
              || !doomed.finalizers().isEmpty()
              || !doomed.spec().array("finalizers").isEmpty();
      if (!stays) {
        store(type, present, ObjectWatch.EventType.DELETED);
        return;
      }
      if (!doomed.isBeingDeleted()) {
        doomed =
            doomed
                .withMetadata("deletionTimestamp", now())
                .withMetadata("deletionGracePeriodSeconds", Json.of(grace));
      }
      store(type, doomed, ObjectWatch.EventType.MODIFIED);
    }
  }

  /** A pod on a node ends when its node says so, by a deletion without grace. */
  private static long grace(ResourceType type, KubeObject object, DeleteOptions options) {
    boolean onNode =
        type.equals(Resources.PODS) && !object.spec().string("nodeName").orElse("").isEmpty();
    return onNode
        ? options
            .gracePeriodSeconds()
            .orElse(object.spec().integer("terminationGracePeriodSeconds").orElse(30))
        : 0;
  }

  private static KubeObject withPropagation(
      KubeObject object, DeleteOptions.Propagation propagation) {
    String finalizer =
        switch (propagation) {
          case FOREGROUND -> "foregroundDeletion";
          case ORPHAN -> "orphan";
          case DEFAULT, BACKGROUND -> "";
        };
    if (finalizer.isEmpty() || object.finalizers().contains(finalizer)) {
      return object;
    }
    var finalizers = new ArrayList<>(object.finalizers());
    finalizers.add(finalizer);
    return object.withFinalizers(finalizers);
  }

  @Override
  public void deleteCollection(ResourceType type, ListOptions selection, DeleteOptions options) {
    list(type, selection).items().forEach(o -> delete(type, o.key(), options));
  }

  @Override
  public synchronized ObjectWatch watch(ResourceType type, ListOptions options) {
    String from = options.resourceVersion();
    boolean fromNow = from.isEmpty() || from.equals("0");
    return new FakeWatch(this, type, options, fromNow ? 0 : Long.parseLong(from));
  }

  /** The events after a position in the log; the caller holds the lock. */
  List<FakeWatch.Entry> log() {
    return log;
  }

  @Override
  public ApiClient as(Identity identity) {
    return this;
  }
}
