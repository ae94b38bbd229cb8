package dev.nacelle.store.rocks;

import dev.nacelle.store.CompactedException;
import dev.nacelle.store.FutureRevisionException;
import dev.nacelle.store.LeaseNotFoundException;
import dev.nacelle.store.StoreException;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** A {@link Job} on its way, and the one thread that waits for it. */
final class Ticket<T> {
  private final Job<T> job;
  private final int sizeBytes;
  private final Thread waiter = Thread.currentThread();

  /** Written by the committer before {@link #done}. */
  private @Nullable T result;

  private @Nullable RuntimeException refusal;
  private volatile boolean done;

  Ticket(Job<T> job, int sizeBytes) {
    this.job = job;
    this.sizeBytes = sizeBytes;
  }

  int sizeBytes() {
    return sizeBytes;
  }

  /** Committer only. */
  void decide(CommitBatch batch) {
    try {
      result = job.decide(batch);
    } catch (LeaseNotFoundException | CompactedException | FutureRevisionException e) {
      refusal = e;
    }
  }

  /** Committer only: what was decided is durable. */
  void complete() {
    done = true;
    LockSupport.unpark(waiter);
  }

  /** Committer only: nobody knows whether it is durable, or it surely is not. */
  void fail(StoreException failure) {
    refusal = failure;
    complete();
  }

  T await() throws InterruptedException {
    while (!done) {
      LockSupport.park(this);
      if (!done && Thread.interrupted()) {
        throw new InterruptedException();
      }
    }
    if (refusal != null) {
      throw refusal;
    }
    if (result == null) {
      throw new IllegalStateException("a job was completed without a result");
    }
    return result;
  }
}
