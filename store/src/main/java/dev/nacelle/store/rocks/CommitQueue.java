package dev.nacelle.store.rocks;

import dev.nacelle.store.StoreException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** The tickets that wait for the committer, bounded in number and bytes. Safe for any thread. */
final class CommitQueue {
  private static final int MAX_TICKETS = 8192;
  private static final int MAX_BYTES = 32 << 20;
  private static final int MAX_GROUP_TICKETS = 512;
  private static final int MAX_GROUP_BYTES = 4 << 20;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition notEmpty = lock.newCondition();
  private final Condition notFull = lock.newCondition();
  private final ArrayDeque<Ticket<?>> tickets = new ArrayDeque<>();
  private int bytes;
  private boolean closed;

  /** Waits for a place. */
  void add(Ticket<?> ticket) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (!closed && (tickets.size() >= MAX_TICKETS || bytes >= MAX_BYTES)) {
        notFull.await();
      }
      if (closed) {
        throw new StoreException("cannot commit: the store is closed");
      }
      tickets.add(ticket);
      bytes += ticket.sizeBytes();
      if (tickets.size() == 1) {
        notEmpty.signal();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Waits for the next group; empty only when the queue is closed and used up. */
  List<Ticket<?>> takeGroup() {
    lock.lock();
    try {
      while (tickets.isEmpty() && !closed) {
        notEmpty.awaitUninterruptibly();
      }
      List<Ticket<?>> group = new ArrayList<>();
      int groupBytes = 0;
      while (!tickets.isEmpty()
          && group.size() < MAX_GROUP_TICKETS
          && groupBytes < MAX_GROUP_BYTES) {
        Ticket<?> ticket = tickets.remove();
        group.add(ticket);
        groupBytes += ticket.sizeBytes();
      }
      bytes -= groupBytes;
      notFull.signalAll();
      return group;
    } finally {
      lock.unlock();
    }
  }

  /** Refuses further tickets. */
  void close() {
    lock.lock();
    try {
      closed = true;
      notEmpty.signalAll();
      notFull.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
