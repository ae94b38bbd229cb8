package dev.nacelle.apiserver.watch;

import dev.nacelle.api.definition.ResourceDefinition;
import dev.nacelle.apiserver.storage.ObjectFormat;
import dev.nacelle.apiserver.storage.StoredObject;
import dev.nacelle.store.CompactedException;
import dev.nacelle.store.Entry;
import dev.nacelle.store.Store;
import dev.nacelle.store.StoreWatch;
import dev.nacelle.store.WatchBatch;
import dev.nacelle.store.WatchEvent;
import dev.nacelle.store.WatchRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Events of one resource that its cache does not hold, read back from the store: a watcher that
 * comes again after a restart of the server goes on where it was. Safe for any thread.
 */
final class StoreHistory {
  private static final int MAX_EVENTS = 8_192;
  private static final long MAX_BYTES = 16L << 20;
  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final Duration POLL = Duration.ofMillis(100);

  private final Store store;
  private final ResourceDefinition definition;

  StoreHistory(Store store, ResourceDefinition definition) {
    this.store = store;
    this.definition = definition;
  }

  /**
   * The events after a revision, up to and including {@code last}, which the store has reached.
   *
   * @throws dev.nacelle.api.status.ApiException with 410 if they cannot be had
   */
  List<CacheEvent> between(long after, long last) throws InterruptedException {
    // at the compacted revision itself nothing after it is lost
    if (after < store.compactedRevision()) {
      throw WatchCache.tooOld(after, store.compactedRevision());
    }
    var request =
        WatchRequest.prefix(ObjectFormat.storePrefix(definition))
            .fromRevision(after + 1)
            .with(WatchRequest.Option.PREVIOUS_VALUES)
            .with(WatchRequest.Option.PROGRESS);
    var events = new ArrayList<CacheEvent>();
    long bytes = 0;
    long end = System.nanoTime() + PATIENCE.toNanos();
    try (StoreWatch watch = store.watch(request)) {
      while (System.nanoTime() < end) {
        watch.requestProgress();
        WatchBatch batch = watch.poll(POLL);
        for (WatchEvent event : batch.events()) {
          if (event.modRevision() <= last) {
            CacheEvent told = event(event);
            events.add(told);
            bytes += told.sizeBytes();
          }
        }
        if (events.size() > MAX_EVENTS || bytes > MAX_BYTES) {
          break;
        }
        if (batch.revision() >= last) {
          return events;
        }
      }
    } catch (CompactedException e) {
      throw WatchCache.tooOld(after, store.compactedRevision());
    }
    throw WatchCache.tooOld(after, last);
  }

  private CacheEvent event(WatchEvent event) {
    Optional<StoredObject> current =
        event instanceof WatchEvent.Put put ? Optional.of(stored(put.entry())) : Optional.empty();
    return new CacheEvent(
        event.key(), event.modRevision(), current, event.previous().map(this::stored));
  }

  private StoredObject stored(Entry entry) {
    return new StoredObject(definition, entry.key(), entry.value(), entry.modRevision());
  }
}
