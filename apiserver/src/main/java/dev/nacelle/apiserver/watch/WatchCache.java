package dev.nacelle.apiserver.watch;

import dev.nacelle.api.definition.ResourceDefinition;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.api.status.Status;
import dev.nacelle.apiserver.storage.ObjectFormat;
import dev.nacelle.apiserver.storage.StoredObject;
import dev.nacelle.store.CompactedException;
import dev.nacelle.store.Entry;
import dev.nacelle.store.KeyRange;
import dev.nacelle.store.RangeRequest;
import dev.nacelle.store.RangeResult;
import dev.nacelle.store.Store;
import dev.nacelle.store.StoreException;
import dev.nacelle.store.StoreWatch;
import dev.nacelle.store.WatchEvent;
import dev.nacelle.store.WatchRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The current state of one resource and its latest events, as far as its one store watch has told.
 * One thread of its own is the only writer; lists copy references under the lock, watchers read the
 * shared ring each from its own place.
 */
public final class WatchCache implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(WatchCache.class);
  private static final int PAGE = 1_000;
  private static final Duration POLL = Duration.ofSeconds(30);
  private static final Duration FRESHNESS = Duration.ofSeconds(3);
  private static final long RETRY_MILLIS = 200;

  private final Store store;
  private final ResourceDefinition definition;
  private final String prefix;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final TreeMap<String, StoredObject> state = new TreeMap<>();
  private final EventRing ring = new EventRing();
  private final StoreHistory history;
  private final Thread thread;

  /** The state is that of this revision; 0 until first loaded. */
  private long revision;

  /** Grows when the events have a gap: watchers of an earlier epoch have to list again. */
  private long epoch;

  private boolean closed;
  private @Nullable StoreWatch feed;

  /** Begins to load and to follow at once. */
  public WatchCache(Store store, ResourceDefinition definition) {
    this.store = store;
    this.definition = definition;
    this.prefix = ObjectFormat.storePrefix(definition);
    this.history = new StoreHistory(store, definition);
    this.thread =
        Thread.ofVirtual()
            .name("watch cache " + definition.groupResource())
            .unstarted(this::loadAndFollow);
  }

  /** Starts its thread; to be called once. */
  public WatchCache start() {
    thread.start();
    return this;
  }

  public ResourceDefinition definition() {
    return definition;
  }

  /** Objects in key order, and the revision at which this was so. */
  public record Snapshot(List<StoredObject> objects, long revision) {}

  /** The present state of the keys in a range, at least as new as {@code revision}. */
  public Snapshot list(KeyRange keys, long atLeast) throws InterruptedException {
    lock.lock();
    try {
      awaitRevision(atLeast);
      return new Snapshot(
          new ArrayList<>(state.subMap(keys.from(), keys.end()).values()), revision);
    } finally {
      lock.unlock();
    }
  }

  /** The revision that a reader sees who must see everything acknowledged before now. */
  public long newestRevision() {
    return store.revision();
  }

  /**
   * A place behind a revision. What the ring has forgotten, or never held because the server
   * started later, is read back from the store's history.
   *
   * @throws ApiException with 410 if the store has forgotten events after the revision too, or they
   *     are too many
   */
  public WatchCursor cursorAfter(long after) throws InterruptedException {
    while (true) {
      long floor;
      lock.lock();
      try {
        awaitRevision(1);
        floor = ring.floor();
        if (after >= floor) {
          return new WatchCursor(this, epoch, ring.after(after), after, List.of());
        }
      } finally {
        lock.unlock();
      }
      List<CacheEvent> missed = history.between(after, floor);
      lock.lock();
      try {
        if (ring.floor() == floor) {
          return new WatchCursor(this, epoch, ring.first(), after, missed);
        }
      } finally {
        lock.unlock();
      }
    }
  }

  /** The present state of a range and the place behind it, in one step. */
  public record Start(Snapshot snapshot, WatchCursor cursor) {}

  public Start startFromState(KeyRange keys, long atLeast) throws InterruptedException {
    lock.lock();
    try {
      awaitRevision(atLeast);
      var objects = new ArrayList<>(state.subMap(keys.from(), keys.end()).values());
      return new Start(
          new Snapshot(objects, revision),
          new WatchCursor(this, epoch, ring.next(), revision, List.of()));
    } finally {
      lock.unlock();
    }
  }

  static ApiException tooOld(long asked, long oldest) {
    return ApiException.expired("too old resource version: " + asked + " (" + oldest + ")");
  }

  /** For cursors: what is behind a place, waiting for a time when there is nothing. */
  WatchCursor.Read read(long ofEpoch, long number, long timeoutNanos, int atMost)
      throws InterruptedException {
    lock.lock();
    try {
      long left = timeoutNanos;
      while (!closed && ofEpoch == epoch && number == ring.next() && left > 0) {
        left = changed.awaitNanos(left);
      }
      if (closed) {
        return new WatchCursor.Read.Ended();
      }
      if (ofEpoch != epoch || number < ring.first()) {
        return new WatchCursor.Read.Lost(ring.floor());
      }
      List<CacheEvent> events = ring.from(number, atMost);
      boolean all = number + events.size() == ring.next();
      return new WatchCursor.Read.Events(events, all ? revision : events.getLast().revision() - 1);
    } finally {
      lock.unlock();
    }
  }

  /** Waits under the lock. */
  private void awaitRevision(long atLeast) throws InterruptedException {
    long wanted = Math.max(1, atLeast);
    long left = FRESHNESS.toNanos();
    while (revision < wanted) {
      if (closed) {
        throw ApiException.unavailable("the server is shutting down");
      }
      if (left <= 0) {
        throw revision == 0 ? notReady() : tooLarge(wanted, revision);
      }
      StoreWatch now = feed;
      if (now != null) {
        now.requestProgress();
      }
      left -= step(Math.min(left, TimeUnit.MILLISECONDS.toNanos(100)));
    }
  }

  private long step(long nanos) throws InterruptedException {
    return nanos - Math.max(0, changed.awaitNanos(nanos));
  }

  private static ApiException notReady() {
    return ApiException.tooManyRequests("storage is (re)initializing", 1);
  }

  private static ApiException tooLarge(long wanted, long current) {
    return new ApiException(
        new Status(
            504,
            "Timeout",
            "Too large resource version: " + wanted + ", current: " + current,
            new Status.Details(
                "",
                "",
                "",
                "",
                List.of(
                    new Status.Cause("ResourceVersionTooLarge", "Too large resource version", "")),
                OptionalInt.of(1))));
  }

  private void loadAndFollow() {
    while (!isClosed()) {
      try {
        follow(load());
      } catch (CompactedException e) {
        LOG.info("{}: history was compacted, loading again", definition.groupResource());
      } catch (StoreException e) {
        if (!isClosed()) {
          LOG.warn("{}: the feed broke, loading again: {}", prefix, e.getMessage());
          pause();
        }
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  private static void pause() {
    try {
      Thread.sleep(RETRY_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean isClosed() {
    lock.lock();
    try {
      return closed;
    } finally {
      lock.unlock();
    }
  }

  /** Reads the whole state and returns its revision. */
  private long load() {
    var loaded = new TreeMap<String, StoredObject>();
    KeyRange range = KeyRange.prefix(prefix);
    RangeResult page = store.range(RangeRequest.of(range).limit(PAGE));
    long at = page.revision();
    while (true) {
      for (Entry entry : page.entries()) {
        loaded.put(
            entry.key(),
            new StoredObject(definition, entry.key(), entry.value(), entry.modRevision()));
      }
      if (!page.more()) {
        break;
      }
      range = range.after(page.entries().getLast().key());
      page = store.range(RangeRequest.of(range).limit(PAGE).atRevision(at));
    }
    lock.lock();
    try {
      state.clear();
      state.putAll(loaded);
      ring.restart(at);
      epoch++;
      revision = at;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    return at;
  }

  private void follow(long from) throws InterruptedException {
    var request =
        WatchRequest.prefix(prefix).fromRevision(from + 1).with(WatchRequest.Option.PROGRESS);
    try (StoreWatch watch = store.watch(request)) {
      lock.lock();
      try {
        feed = watch;
        changed.signalAll();
      } finally {
        lock.unlock();
      }
      while (!isClosed()) {
        var batch = watch.poll(POLL);
        lock.lock();
        try {
          batch.events().forEach(this::take);
          if (batch.revision() > revision) {
            revision = batch.revision();
          }
          changed.signalAll();
        } finally {
          lock.unlock();
        }
      }
    } finally {
      lock.lock();
      feed = null;
      lock.unlock();
    }
  }

  private void take(WatchEvent event) {
    Optional<StoredObject> current =
        switch (event) {
          case WatchEvent.Put put ->
              Optional.of(new StoredObject(definition, put.key(), put.value(), put.modRevision()));
          case WatchEvent.Delete _ -> Optional.empty();
        };
    Optional<StoredObject> previous =
        Optional.ofNullable(
            current.isPresent()
                ? state.put(event.key(), current.get())
                : state.remove(event.key()));
    if (current.isPresent() || previous.isPresent()) {
      ring.add(new CacheEvent(event.key(), event.modRevision(), current, previous));
    }
    revision = Math.max(revision, event.modRevision());
  }

  /** Ends all watches of the resource. Idempotent. */
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    thread.interrupt();
  }
}
