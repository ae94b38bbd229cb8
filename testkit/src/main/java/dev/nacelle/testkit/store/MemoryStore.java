package dev.nacelle.testkit.store;

import dev.nacelle.store.CommitResult;
import dev.nacelle.store.CompactedException;
import dev.nacelle.store.Entry;
import dev.nacelle.store.FutureRevisionException;
import dev.nacelle.store.KeyRange;
import dev.nacelle.store.LeaseNotFoundException;
import dev.nacelle.store.LeaseStatus;
import dev.nacelle.store.RangeRequest;
import dev.nacelle.store.RangeRequest.Option;
import dev.nacelle.store.RangeResult;
import dev.nacelle.store.Store;
import dev.nacelle.store.StoreException;
import dev.nacelle.store.StoreWatch;
import dev.nacelle.store.Transaction;
import dev.nacelle.store.WatchRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** A store in memory, as simple as can be: one lock, the whole state kept for every revision. */
public final class MemoryStore implements Store {
  private record Lease(Duration timeToLive, long deadlineNanos) {}

  final ReentrantLock lock = new ReentrantLock();
  final Condition changed = lock.newCondition();
  private final MemoryHistory history = new MemoryHistory();
  private final Map<Long, Lease> leases = new TreeMap<>();
  private final LongSupplier nanoTime;
  private long nextLease = 1;
  private boolean closed;

  /**
   * @param nanoTime monotonic nanoseconds, for leases
   */
  public MemoryStore(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  @Override
  public RangeResult range(RangeRequest request) {
    lock.lock();
    try {
      refresh();
      long revision = request.revision() == 0 ? history.revision() : request.revision();
      requireReadable(revision);
      return answer(request, history.entries(request.range(), revision), revision);
    } finally {
      lock.unlock();
    }
  }

  private static RangeResult answer(RangeRequest request, List<Entry> found, long revision) {
    if (request.options().contains(Option.COUNT_ONLY)) {
      return new RangeResult(List.of(), false, found.size(), revision);
    }
    boolean more = request.limit() != 0 && found.size() > request.limit();
    List<Entry> entries = new ArrayList<>(more ? found.subList(0, request.limit()) : found);
    if (request.options().contains(Option.KEYS_ONLY)) {
      entries.replaceAll(MemoryHistory::withoutValue);
    }
    return new RangeResult(entries, more, found.size(), revision);
  }

  private void requireReadable(long revision) {
    if (revision > history.revision()) {
      throw new FutureRevisionException(revision, history.revision());
    }
    if (revision < history.compacted()) {
      throw new CompactedException(revision, history.compacted());
    }
  }

  @Override
  public CommitResult commit(Transaction transaction) {
    lock.lock();
    try {
      refresh();
      CommitResult result = history.commit(transaction, leases.keySet());
      changed.signalAll();
      return result;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public StoreWatch watch(WatchRequest request) {
    lock.lock();
    try {
      refresh();
      long from = request.fromRevision() == 0 ? history.revision() + 1 : request.fromRevision();
      return new MemoryWatch(this, history, request, from);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void compact(long revision) {
    lock.lock();
    try {
      refresh();
      if (revision <= history.compacted()) {
        throw new CompactedException(revision, history.compacted());
      }
      requireReadable(revision);
      history.compact(revision);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public long revision() {
    lock.lock();
    try {
      refresh();
      return history.revision();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public long compactedRevision() {
    lock.lock();
    try {
      return history.compacted();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public long grantLease(Duration timeToLive) {
    if (timeToLive.toSeconds() < 1) {
      throw new IllegalArgumentException("cannot grant a lease: it must live at least a second");
    }
    lock.lock();
    try {
      refresh();
      leases.put(nextLease, fresh(timeToLive));
      return nextLease++;
    } finally {
      lock.unlock();
    }
  }

  private Lease fresh(Duration timeToLive) {
    return new Lease(timeToLive, nanoTime.getAsLong() + timeToLive.toNanos());
  }

  @Override
  public Duration keepAlive(long leaseId) {
    lock.lock();
    try {
      refresh();
      Lease lease = requireLease(leaseId);
      leases.put(leaseId, fresh(lease.timeToLive()));
      return lease.timeToLive();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void revokeLease(long leaseId) {
    lock.lock();
    try {
      refresh();
      requireLease(leaseId);
      end(leaseId);
    } finally {
      lock.unlock();
    }
  }

  private Lease requireLease(long leaseId) {
    @Nullable Lease lease = leases.get(leaseId);
    if (lease == null) {
      throw new LeaseNotFoundException(leaseId);
    }
    return lease;
  }

  @Override
  public Optional<LeaseStatus> lease(long leaseId) {
    lock.lock();
    try {
      refresh();
      return Optional.ofNullable(leases.get(leaseId))
          .map(
              lease ->
                  new LeaseStatus(
                      leaseId,
                      lease.timeToLive(),
                      Duration.ofNanos(lease.deadlineNanos() - nanoTime.getAsLong()),
                      attachedKeys(leaseId)));
    } finally {
      lock.unlock();
    }
  }

  private List<String> attachedKeys(long leaseId) {
    return history.entries(KeyRange.prefix(""), history.revision()).stream()
        .filter(entry -> entry.lease() == leaseId)
        .map(Entry::key)
        .toList();
  }

  private void end(long leaseId) {
    history.deleteAll(attachedKeys(leaseId));
    leases.remove(leaseId);
    changed.signalAll();
  }

  /** Under the lock: refuses when closed, and ends the leases that are due. */
  void refresh() {
    if (closed) {
      throw new StoreException("cannot use the store: it is closed");
    }
    List<Long> due = new ArrayList<>();
    leases.forEach(
        (id, lease) -> {
          if (lease.deadlineNanos() - nanoTime.getAsLong() <= 0) {
            due.add(id);
          }
        });
    due.forEach(this::end);
  }

  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
