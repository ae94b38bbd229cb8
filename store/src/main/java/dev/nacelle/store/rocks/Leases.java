package dev.nacelle.store.rocks;

import dev.nacelle.store.LeaseNotFoundException;
import dev.nacelle.store.LeaseStatus;
import dev.nacelle.store.StoreException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;

/**
 * The leases. That they exist and what is attached lies on disk; when they end is known in memory
 * only, and begins anew at a restart. The committer makes and ends them, any thread keeps them
 * alive, a thread of this class has the expired ones ended.
 */
final class Leases implements AutoCloseable {
  /** An injected clock may jump, so an expiry is looked for at least this often. */
  private static final long LONGEST_WAIT_NANOS = 500_000_000;

  private record Lease(Duration timeToLive, long deadlineNanos) {}

  private final Engine engine;
  private final Committer committer;
  private final LongSupplier nanoTime;
  private final ConcurrentHashMap<Long, Lease> leases = new ConcurrentHashMap<>();
  private final Thread thread;
  private volatile boolean closed;

  Leases(Engine engine, Committer committer, LongSupplier nanoTime) {
    this.engine = engine;
    this.committer = committer;
    this.nanoTime = nanoTime;
    this.thread = Thread.ofVirtual().name("store-leases").unstarted(this::run);
  }

  /** Reads the leases back and begins to watch over them. */
  void start() {
    try (View view = engine.view()) {
      View.Cursor cursor =
          view.cursor(Family.LEASE, Layout.number(0), Layout.number(Long.MAX_VALUE));
      while (cursor.isValid()) {
        long id = Layout.number(cursor.key());
        leases.put(id, fresh(Duration.ofSeconds(Layout.number(cursor.value()))));
        cursor.seek(Layout.number(id + 1)); // over its attachments
      }
    }
    thread.start();
  }

  private Lease fresh(Duration timeToLive) {
    return new Lease(timeToLive, nanoTime.getAsLong() + timeToLive.toNanos());
  }

  boolean exists(long id) {
    return leases.containsKey(id);
  }

  Job<Long> grant(Duration timeToLive) {
    return batch -> {
      long id = batch.addLease(timeToLive.toSeconds());
      batch.onDurable(
          () -> {
            leases.put(id, fresh(timeToLive));
            LockSupport.unpark(thread);
          });
      return id;
    };
  }

  Duration keepAlive(long id) {
    Lease renewed = leases.computeIfPresent(id, (_, lease) -> fresh(lease.timeToLive()));
    if (renewed == null) {
      throw new LeaseNotFoundException(id);
    }
    return renewed.timeToLive();
  }

  /** Deletes the lease and its keys in one commit; answers with its revision. */
  Job<Long> revoke(long id) {
    return batch -> {
      if (!exists(id) || batch.hasEnded(id)) {
        throw new LeaseNotFoundException(id);
      }
      return end(id, batch);
    };
  }

  private Job<Long> expire(long id) {
    return batch -> {
      Lease lease = leases.get(id);
      boolean due = lease != null && nanoTime.getAsLong() - lease.deadlineNanos() >= 0;
      return due && !batch.hasEnded(id) ? end(id, batch) : batch.revision();
    };
  }

  private long end(long id, CommitBatch batch) {
    batch.attachedKeys(id).forEach(batch::delete);
    batch.endLease(id);
    batch.onDurable(() -> leases.remove(id));
    return batch.endCommit();
  }

  Optional<LeaseStatus> status(long id) {
    Lease lease = leases.get(id);
    if (lease == null) {
      return Optional.empty();
    }
    List<String> keys = new ArrayList<>();
    try (View view = engine.view()) {
      View.Cursor cursor =
          view.cursor(Family.LEASE, Layout.attachment(id, " "), Layout.number(id + 1));
      for (; cursor.isValid(); cursor.next()) {
        keys.add(Layout.attachedKey(cursor.key()));
      }
    }
    long remaining = Math.max(0, lease.deadlineNanos() - nanoTime.getAsLong());
    return Optional.of(new LeaseStatus(id, lease.timeToLive(), Duration.ofNanos(remaining), keys));
  }

  private void run() {
    try {
      while (!closed) {
        long wait = expireDue();
        if (leases.isEmpty()) {
          LockSupport.park(this);
        } else {
          LockSupport.parkNanos(this, wait);
        }
      }
    } catch (StoreException | InterruptedException _) {
      // closed, or read-only until a restart: nothing can expire any more
    }
  }

  /** Ends what is due and says how long nothing will be. */
  private long expireDue() throws InterruptedException {
    long wait = LONGEST_WAIT_NANOS;
    for (var each : leases.entrySet()) {
      long remaining = each.getValue().deadlineNanos() - nanoTime.getAsLong();
      if (remaining > 0) {
        wait = Math.min(wait, remaining);
      } else if (!closed) {
        committer.submit(expire(each.getKey()), Long.BYTES);
      }
    }
    return wait;
  }

  @Override
  public void close() {
    closed = true;
    LockSupport.unpark(thread);
  }
}
