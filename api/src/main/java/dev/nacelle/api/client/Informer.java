package dev.nacelle.api.client;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.ResourceType;
import dev.nacelle.api.status.ApiException;
import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A local, eventually consistent copy of the objects that a list selects, kept by list and watch.
 * One virtual thread of its own is the only writer and calls the listeners in the order of events;
 * reads are safe for any thread and do not block.
 */
public final class Informer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Informer.class);
  private static final Duration POLL = Duration.ofSeconds(5);
  private static final long PAGE = 500;
  private static final long MAX_BACKOFF_MILLIS = 5_000;

  /** Hears of every change; must not block for long and must not throw. */
  @FunctionalInterface
  public interface Listener {
    /** {@code before} is empty for a new object, {@code after} for a deleted one. */
    void changed(Optional<KubeObject> before, Optional<KubeObject> after);
  }

  private final ApiClient client;
  private final ResourceType type;
  private final ListOptions selection;
  private final Map<ObjectKey, KubeObject> objects = new ConcurrentHashMap<>();
  private final Map<String, Index> indexes = new ConcurrentHashMap<>();
  private final List<Listener> listeners = new CopyOnWriteArrayList<>();
  private final CountDownLatch synced = new CountDownLatch(1);
  private final Thread thread;
  private volatile boolean closed;

  /**
   * @param keys may hold more than the objects confirm, never less
   */
  private record Index(
      Function<KubeObject, Collection<String>> values, Map<String, Set<ObjectKey>> keys) {
    Set<String> of(KubeObject object) {
      return Set.copyOf(values.apply(object));
    }
  }

  /** An informer that does nothing until {@link #start}. */
  public Informer(ApiClient client, ResourceType type, ListOptions selection) {
    this.client = client;
    this.type = type;
    this.selection = selection;
    this.thread = Thread.ofVirtual().name("informer " + type.groupResource()).unstarted(this::run);
  }

  /** Begins to list and watch. To be called once. */
  public Informer start() {
    thread.start();
    return this;
  }

  /** Adds an index; objects that are already known are entered. */
  public synchronized Informer index(String name, Function<KubeObject, Collection<String>> values) {
    var index = new Index(values, new ConcurrentHashMap<>());
    objects.values().forEach(o -> enter(index, o));
    indexes.put(name, index);
    return this;
  }

  /**
   * Adds a listener; it hears of the objects that are already known as new ones, on the caller's
   * thread.
   */
  public synchronized void listen(Listener listener) {
    objects.values().forEach(o -> listener.changed(Optional.empty(), Optional.of(o)));
    listeners.add(listener);
  }

  /**
   * Waits for the first complete list.
   *
   * @return false if it did not come in time
   */
  public boolean awaitSync(Duration timeout) throws InterruptedException {
    return synced.await(timeout.toMillis(), TimeUnit.MILLISECONDS);
  }

  public boolean isSynced() {
    return synced.getCount() == 0;
  }

  public Optional<KubeObject> get(ObjectKey key) {
    return Optional.ofNullable(objects.get(key));
  }

  /** All objects, in no order. */
  public List<KubeObject> all() {
    return List.copyOf(objects.values());
  }

  public List<KubeObject> inNamespace(String namespace) {
    return objects.values().stream().filter(o -> o.namespace().equals(namespace)).toList();
  }

  /**
   * The objects that an index of {@link #index} has under a value: each as {@link #get} gives it,
   * none that has the value is missed.
   */
  public List<KubeObject> by(String index, String value) {
    Index found = indexes.get(index);
    if (found == null) {
      throw new IllegalArgumentException(type + " has no index " + index);
    }
    return found.keys().getOrDefault(value, Set.of()).stream()
        .flatMap(key -> get(key).stream())
        .filter(object -> found.values().apply(object).contains(value))
        .toList();
  }

  @Override
  public void close() {
    closed = true;
    thread.interrupt();
  }

  private void run() {
    long backoffMillis = 50;
    while (!closed) {
      try {
        String revision = relist();
        synced.countDown();
        backoffMillis = 50;
        follow(revision);
      } catch (InterruptedException e) {
        return;
      } catch (RuntimeException e) {
        if (closed) {
          return;
        }
        LOG.debug("list and watch of {} begins anew: {}", type, e.getMessage());
      }
      try {
        Thread.sleep(backoffMillis);
      } catch (InterruptedException e) {
        return;
      }
      backoffMillis = Math.min(backoffMillis * 2, MAX_BACKOFF_MILLIS);
    }
  }

  private String relist() {
    var seen = new HashSet<ObjectKey>();
    String token = "";
    String revision;
    do {
      ObjectList page = client.list(type, selection.page(PAGE, token));
      for (KubeObject object : page.items()) {
        seen.add(object.key());
        store(object);
      }
      token = page.continueToken();
      revision = page.resourceVersion();
    } while (!token.isEmpty());
    for (ObjectKey key : List.copyOf(objects.keySet())) {
      if (!seen.contains(key)) {
        drop(key);
      }
    }
    return revision;
  }

  /** Follows the watch, and its successors, until history is lost. */
  private void follow(String from) throws InterruptedException {
    String revision = from;
    long backoffMillis = 10;
    while (!closed) {
      try (ObjectWatch watch = client.watch(type, selection.from(revision))) {
        while (!closed) {
          Optional<ObjectWatch.Event> event = watch.next(POLL);
          if (event.isPresent()) {
            apply(event.get());
            revision = event.get().object().resourceVersion();
            backoffMillis = 10;
          }
        }
      } catch (ApiException e) {
        if (e.isGone() || closed) {
          return;
        }
        Thread.sleep(backoffMillis);
        backoffMillis = Math.min(backoffMillis * 2, MAX_BACKOFF_MILLIS);
      }
    }
  }

  private void apply(ObjectWatch.Event event) {
    switch (event.type()) {
      case ADDED, MODIFIED -> store(event.object());
      case DELETED -> drop(event.object().key());
      case BOOKMARK -> {}
    }
  }

  private synchronized void store(KubeObject object) {
    KubeObject before = objects.get(object.key());
    if (before != null && before.resourceVersion().equals(object.resourceVersion())) {
      return;
    }
    // readers take from an index what the objects confirm: they see the change in this one step
    indexes.values().forEach(index -> enter(index, object));
    objects.put(object.key(), object);
    if (before != null) {
      indexes.values().forEach(index -> leave(index, before, index.of(object)));
    }
    tell(Optional.ofNullable(before), Optional.of(object));
  }

  private synchronized void drop(ObjectKey key) {
    KubeObject before = objects.remove(key);
    if (before == null) {
      return;
    }
    indexes.values().forEach(index -> leave(index, before, Set.of()));
    tell(Optional.of(before), Optional.empty());
  }

  private void tell(Optional<KubeObject> before, Optional<KubeObject> after) {
    for (Listener listener : listeners) {
      try {
        listener.changed(before, after);
      } catch (RuntimeException e) {
        LOG.error("a listener of {} failed", type, e);
      }
    }
  }

  private static void enter(Index index, KubeObject object) {
    for (String value : index.of(object)) {
      index.keys().computeIfAbsent(value, v -> ConcurrentHashMap.newKeySet()).add(object.key());
    }
  }

  private static void leave(Index index, KubeObject object, Set<String> kept) {
    for (String value : index.of(object)) {
      if (kept.contains(value)) {
        continue;
      }
      index
          .keys()
          .computeIfPresent(
              value,
              (v, keys) -> {
                keys.remove(object.key());
                return keys.isEmpty() ? null : keys;
              });
    }
  }
}
