package dev.nacelle.testkit.store;

import dev.nacelle.store.CompactedException;
import dev.nacelle.store.StoreException;
import dev.nacelle.store.StoreWatch;
import dev.nacelle.store.WatchBatch;
import dev.nacelle.store.WatchEvent;
import dev.nacelle.store.WatchRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A watch that reads the history of a {@link MemoryStore}. Guarded by the store's lock. */
final class MemoryWatch implements StoreWatch {
  private static final int MAX_EVENTS = 256;

  /** A lease that is due must be noticed though nobody calls the store. */
  private static final long LONGEST_WAIT_NANOS = 20_000_000;

  private final MemoryStore store;
  private final MemoryHistory history;
  private final WatchRequest request;
  private long next;
  private long delivered;
  private long wantedProgress;
  private boolean closed;

  MemoryWatch(MemoryStore store, MemoryHistory history, WatchRequest request, long from) {
    this.store = store;
    this.history = history;
    this.request = request;
    this.next = from;
  }

  @Override
  public WatchBatch poll(Duration timeout) throws InterruptedException {
    long deadline = System.nanoTime() + timeout.toNanos();
    store.lock.lockInterruptibly();
    try {
      while (true) {
        if (closed) {
          throw new StoreException("cannot poll: the watch is closed");
        }
        store.refresh();
        if (next <= history.compacted()) {
          throw new CompactedException(next, history.compacted());
        }
        List<WatchEvent> events = take();
        if (!events.isEmpty()) {
          return answer(events, next - 1);
        }
        long remaining = deadline - System.nanoTime();
        boolean wanted = wantedProgress > 0 && history.revision() >= wantedProgress;
        if (wanted || remaining <= 0) {
          boolean moves = wanted || request.options().contains(WatchRequest.Option.PROGRESS);
          return answer(List.of(), moves ? history.revision() : delivered);
        }
        var _ = store.changed.awaitNanos(Math.min(remaining, LONGEST_WAIT_NANOS));
      }
    } finally {
      store.lock.unlock();
    }
  }

  private WatchBatch answer(List<WatchEvent> events, long upTo) {
    delivered = Math.max(delivered, upTo);
    if (delivered >= wantedProgress) {
      wantedProgress = 0;
    }
    return new WatchBatch(events, delivered);
  }

  private List<WatchEvent> take() {
    List<WatchEvent> taken = new ArrayList<>();
    for (var revision : history.eventsFrom(next).entrySet()) {
      if (taken.size() >= MAX_EVENTS) {
        break;
      }
      for (WatchEvent event : revision.getValue()) {
        if (request.range().contains(event.key())) {
          taken.add(asAsked(event));
        }
      }
      next = revision.getKey() + 1;
    }
    return taken;
  }

  private WatchEvent asAsked(WatchEvent event) {
    if (request.options().contains(WatchRequest.Option.PREVIOUS_VALUES)) {
      return event;
    }
    return switch (event) {
      case WatchEvent.Put put -> new WatchEvent.Put(put.entry(), Optional.empty());
      case WatchEvent.Delete delete ->
          new WatchEvent.Delete(delete.key(), delete.modRevision(), Optional.empty());
    };
  }

  @Override
  public void requestProgress() {
    store.lock.lock();
    try {
      wantedProgress = Math.max(wantedProgress, history.revision());
      store.changed.signalAll();
    } finally {
      store.lock.unlock();
    }
  }

  @Override
  public void close() {
    store.lock.lock();
    try {
      closed = true;
      store.changed.signalAll();
    } finally {
      store.lock.unlock();
    }
  }
}
