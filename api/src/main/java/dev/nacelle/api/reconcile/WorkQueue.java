package dev.nacelle.api.reconcile;

import dev.nacelle.api.object.ObjectKey;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Set;

/**
 * Keys that wait for a reconciliation. A key is handed to one worker at a time; added again
 * meanwhile, it comes again after. Failures back off per key, from 5 ms doubling to a most. Bounded
 * by the number of distinct keys. Safe for any thread.
 */
public final class WorkQueue {
  private static final long FIRST_BACKOFF_MILLIS = 5;

  private final long maxBackoffMillis;
  private final ArrayDeque<ObjectKey> ready = new ArrayDeque<>();
  private final Set<ObjectKey> waiting = new LinkedHashSet<>();
  private final Set<ObjectKey> working = new HashSet<>();
  private final PriorityQueue<Delayed> delayed = new PriorityQueue<>();
  private final Map<ObjectKey, Long> delayedAt = new HashMap<>();
  private final Map<ObjectKey, Integer> failures = new HashMap<>();
  private boolean closed;

  private record Delayed(long atNanos, ObjectKey key) implements Comparable<Delayed> {
    @Override
    public int compareTo(Delayed other) {
      return Long.compare(atNanos - other.atNanos, 0);
    }
  }

  public WorkQueue(Duration maxBackoff) {
    this.maxBackoffMillis = maxBackoff.toMillis();
  }

  /** Adds a key, unless it waits already. */
  public synchronized void add(ObjectKey key) {
    if (closed || !waiting.add(key)) {
      return;
    }
    if (!working.contains(key)) {
      ready.add(key);
      notify();
    }
  }

  /** Adds a key after a time; of several times for one key the earliest counts. */
  public synchronized void addAfter(ObjectKey key, Duration delay) {
    if (closed) {
      return;
    }
    long at = System.nanoTime() + delay.toNanos();
    Long known = delayedAt.get(key);
    if (known == null || at - known < 0) {
      delayedAt.put(key, at);
      delayed.add(new Delayed(at, key));
      notify();
    }
  }

  /**
   * Waits for a key and takes it; the caller must call {@link #done} after. Empty when the queue is
   * closed.
   */
  public synchronized Optional<ObjectKey> take() throws InterruptedException {
    while (true) {
      long waitMillis = moveDue();
      if (closed) {
        return Optional.empty();
      }
      ObjectKey key = ready.poll();
      if (key != null) {
        waiting.remove(key);
        working.add(key);
        if (!delayed.isEmpty()) {
          notify(); // this taker may have been the one that kept the time
        }
        return Optional.of(key);
      }
      wait(waitMillis);
    }
  }

  /** The worker that took the key is finished with it. */
  public synchronized void done(ObjectKey key) {
    working.remove(key);
    if (waiting.contains(key)) {
      ready.add(key);
      notify();
    }
  }

  /** Adds the key again after its next back-off. */
  public synchronized void retry(ObjectKey key) {
    int count = failures.merge(key, 1, Integer::sum);
    long millis =
        count > 30
            ? maxBackoffMillis
            : Math.min(maxBackoffMillis, FIRST_BACKOFF_MILLIS << (count - 1));
    addAfter(key, Duration.ofMillis(millis));
  }

  /** The key succeeded: its back-off starts anew. */
  public synchronized void forget(ObjectKey key) {
    failures.remove(key);
  }

  /** Keys that wait now, without those that are delayed. */
  public synchronized int depth() {
    return waiting.size();
  }

  /** Wakes all takers for good. */
  public synchronized void close() {
    closed = true;
    notifyAll();
  }

  /** Moves what is due to the ready keys; says how long to wait for the next, 0 for ever. */
  private long moveDue() {
    long now = System.nanoTime();
    while (true) {
      Delayed next = delayed.peek();
      if (next == null) {
        return 0;
      }
      long left = next.atNanos() - now;
      if (left > 0) {
        return left / 1_000_000 + 1;
      }
      delayed.poll();
      Long wanted = delayedAt.get(next.key());
      if (wanted != null && wanted == next.atNanos()) {
        delayedAt.remove(next.key());
        add(next.key());
      }
    }
  }
}
