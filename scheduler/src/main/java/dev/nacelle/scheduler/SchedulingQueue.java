package dev.nacelle.scheduler;

import dev.nacelle.scheduler.cluster.PendingPod;
import dev.nacelle.scheduler.plugin.ClusterEvent;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;

/**
 * Pods that wait for a node: ready ones by priority, then in the order of their coming; those that
 * failed wait for their back-off; those that fit nowhere wait for an event that could cure it, at
 * most five minutes. Bounded by the number of pods. Safe for any thread.
 */
final class SchedulingQueue {
  private static final Duration FIRST_BACKOFF = Duration.ofSeconds(1);
  private static final Duration LONGEST_BACKOFF = Duration.ofSeconds(10);
  private static final Duration LONGEST_WAIT = Duration.ofMinutes(5);

  /** A pod, and its history here. */
  record Entry(PendingPod pod, long order, int attempts, long takenAt) {
    Entry with(PendingPod next) {
      return new Entry(next, order, attempts, takenAt);
    }

    /** By the order of coming, which no two pods share. */
    @Override
    public boolean equals(Object other) {
      return other instanceof Entry that && order == that.order;
    }

    @Override
    public int hashCode() {
      return Long.hashCode(order);
    }
  }

  private record Delayed(Instant at, Entry entry) {}

  private final InstantSource clock;
  private final Function<String, Set<ClusterEvent>> cures;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  /** Guarded by the lock, as all below; each pod is in one of these, or with the scheduler. */
  private final TreeSet<Entry> active =
      new TreeSet<>(
          (a, b) -> {
            int byPriority = Integer.compare(b.pod().priority(), a.pod().priority());
            return byPriority != 0 ? byPriority : Long.compare(a.order(), b.order());
          });

  private final PriorityQueue<Delayed> backingOff =
      new PriorityQueue<>((a, b) -> a.at().compareTo(b.at()));
  private final Map<String, Refused> refused = new HashMap<>();
  private final Map<String, Entry> known = new HashMap<>();
  private final Map<ClusterEvent, Long> lastEvent = new EnumMap<>(ClusterEvent.class);
  private long sequence;
  private boolean closed;

  private record Refused(Entry entry, Set<String> refusers, Instant since) {}

  /**
   * @param cures the events that can cure a refusal by the filter of this name
   */
  SchedulingQueue(InstantSource clock, Function<String, Set<ClusterEvent>> cures) {
    this.clock = clock;
    this.cures = cures;
  }

  /** A new pod, or a changed one: what it asks for may fit now. */
  void put(PendingPod pod) {
    lock.lock();
    try {
      Entry present = known.get(pod.uid());
      if (present == null) {
        activate(new Entry(pod, sequence++, 0, 0));
        return;
      }
      Entry updated = present.with(pod);
      boolean asksAnew = !pod.object().spec().equals(present.pod().object().spec());
      known.put(pod.uid(), updated);
      if (active.remove(present)) {
        active.add(updated);
      } else if (backingOff.removeIf(d -> d.entry().equals(present))) {
        backingOff.add(new Delayed(backoffEnd(updated), updated));
      } else if (refused.containsKey(pod.uid())) {
        Refused old = refused.get(pod.uid());
        refused.put(pod.uid(), new Refused(updated, old.refusers(), old.since()));
        if (asksAnew) {
          refused.remove(pod.uid());
          activate(updated);
        }
      }
    } finally {
      lock.unlock();
    }
  }

  private void activate(Entry entry) {
    known.put(entry.pod().uid(), entry);
    active.add(entry);
    changed.signal();
  }

  /** The pod is bound, gone, or no longer ours. */
  void remove(String uid) {
    lock.lock();
    try {
      Entry entry = known.remove(uid);
      if (entry != null) {
        active.remove(entry);
        backingOff.removeIf(d -> d.entry().equals(entry));
        refused.remove(uid);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Waits for the next pod and takes it; empty when closed. */
  Optional<Entry> take() throws InterruptedException {
    lock.lock();
    try {
      while (!closed) {
        moveDue();
        Entry next = active.pollFirst();
        if (next != null) {
          Entry taken = new Entry(next.pod(), next.order(), next.attempts() + 1, sequence++);
          known.put(taken.pod().uid(), taken);
          return Optional.of(taken);
        }
        awaitChange();
      }
      return Optional.empty();
    } finally {
      lock.unlock();
    }
  }

  private void awaitChange() throws InterruptedException {
    Optional<Instant> next = nextDue();
    if (next.isEmpty()) {
      changed.await();
    } else {
      long nanos = Math.max(1, Duration.between(clock.instant(), next.get()).toNanos());
      long left = changed.awaitNanos(Math.min(nanos, TimeUnit.MINUTES.toNanos(1)));
      assert left <= nanos;
    }
  }

  private Optional<Instant> nextDue() {
    Optional<Instant> backoff = Optional.ofNullable(backingOff.peek()).map(Delayed::at);
    Optional<Instant> flush =
        refused.values().stream().map(r -> r.since().plus(LONGEST_WAIT)).min(Instant::compareTo);
    return backoff.isPresent() && flush.isPresent()
        ? Optional.of(backoff.get().isBefore(flush.get()) ? backoff.get() : flush.get())
        : backoff.or(() -> flush);
  }

  private void moveDue() {
    Instant now = clock.instant();
    for (Delayed next = backingOff.peek();
        next != null && !next.at().isAfter(now);
        next = backingOff.peek()) {
      backingOff.poll();
      active.add(next.entry());
    }
    if (!refused.isEmpty()) {
      Instant limit = now.minus(LONGEST_WAIT);
      refused
          .values()
          .removeIf(
              r -> {
                boolean due = !r.since().isAfter(limit);
                if (due) {
                  active.add(r.entry());
                }
                return due;
              });
    }
  }

  /** The taken pod fits nowhere; unless something that could cure it happened meanwhile. */
  void refuse(Entry taken, Set<String> refusers) {
    lock.lock();
    try {
      Entry entry = known.get(taken.pod().uid());
      if (entry == null || entry.order() != taken.order()) {
        return;
      }
      boolean curedMeanwhile =
          lastEvent.entrySet().stream()
              .anyMatch(e -> e.getValue() > taken.takenAt() && mayCure(e.getKey(), refusers));
      boolean changedMeanwhile = !entry.pod().object().spec().equals(taken.pod().object().spec());
      if (curedMeanwhile || changedMeanwhile) {
        backOff(entry);
      } else {
        refused.put(entry.pod().uid(), new Refused(entry, refusers, clock.instant()));
      }
    } finally {
      lock.unlock();
    }
  }

  /** The taken pod failed for another reason than the cluster's: it comes again after a time. */
  void retry(Entry taken) {
    lock.lock();
    try {
      Entry entry = known.get(taken.pod().uid());
      if (entry != null && entry.order() == taken.order()) {
        backOff(entry);
      }
    } finally {
      lock.unlock();
    }
  }

  private void backOff(Entry entry) {
    backingOff.add(new Delayed(backoffEnd(entry), entry));
    changed.signal();
  }

  private Instant backoffEnd(Entry entry) {
    long factor = 1L << Math.clamp(entry.attempts() - 1, 0, 10);
    Duration wait = FIRST_BACKOFF.multipliedBy(factor);
    return clock.instant().plus(wait.compareTo(LONGEST_BACKOFF) < 0 ? wait : LONGEST_BACKOFF);
  }

  /** Something happened that may make refused pods fit. */
  void happened(ClusterEvent event) {
    lock.lock();
    try {
      lastEvent.put(event, sequence++);
      refused
          .values()
          .removeIf(
              r -> {
                boolean cured = mayCure(event, r.refusers());
                if (cured) {
                  wake(r);
                }
                return cured;
              });
    } finally {
      lock.unlock();
    }
  }

  /** What no filter refused found no nodes at all: whatever happens may cure it. */
  private boolean mayCure(ClusterEvent event, Set<String> refusers) {
    return refusers.isEmpty()
        || refusers.stream().anyMatch(name -> cures.apply(name).contains(event));
  }

  /** A pod that has waited longer than its back-off goes at once. */
  private void wake(Refused pod) {
    Instant now = clock.instant();
    Duration backoff = Duration.between(now, backoffEnd(pod.entry()));
    Instant due = pod.since().plus(backoff);
    if (due.isAfter(now)) {
      backingOff.add(new Delayed(due, pod.entry()));
    } else {
      active.add(pod.entry());
    }
    changed.signal();
  }

  /** How many pods wait, in whatever state. */
  int size() {
    lock.lock();
    try {
      return known.size();
    } finally {
      lock.unlock();
    }
  }

  void close() {
    lock.lock();
    try {
      closed = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
