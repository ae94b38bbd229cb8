package dev.nacelle.base.task;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.PriorityQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Runs tasks at given times of an injected clock. One thread keeps the time; each task runs on a
 * virtual thread of its own. Safe for any thread.
 */
public final class Timers implements AutoCloseable {
  private static final int MAX_TASKS = 1_000_000;

  /** A clock that is set, or moved by hand, is looked at again after this time. */
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(1);

  private final Clock clock;
  private final Threads threads;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  /** Guarded by {@code lock}, as all below. */
  private final PriorityQueue<Timer> queue = new PriorityQueue<>();

  private long sequence;
  private boolean closed;

  public Timers(String name, Clock clock) {
    this.clock = clock;
    this.threads = new Threads(name);
    threads.startVirtual("timers", this::keepTime);
  }

  /** A scheduled task. */
  public final class Timer implements Comparable<Timer> {
    private final Instant due;
    private final long order;
    private final Runnable task;

    private Timer(Instant due, long order, Runnable task) {
      this.due = due;
      this.order = order;
      this.task = task;
    }

    /** The task will not begin any more; true if it had not. */
    public boolean cancel() {
      lock.lock();
      try {
        return queue.remove(this);
      } finally {
        lock.unlock();
      }
    }

    @Override
    public int compareTo(Timer other) {
      int byTime = due.compareTo(other.due);
      return byTime != 0 ? byTime : Long.compare(order, other.order);
    }

    @Override
    public boolean equals(Object other) {
      return this == other;
    }

    @Override
    public int hashCode() {
      return Long.hashCode(order);
    }
  }

  /**
   * Runs a task once at an instant, at once when that has passed.
   *
   * @throws IllegalStateException if closed, or a million tasks wait
   */
  public Timer at(Instant due, Runnable task) {
    lock.lock();
    try {
      if (closed || queue.size() >= MAX_TASKS) {
        throw new IllegalStateException(closed ? "the timers are closed" : "too many timers");
      }
      var timer = new Timer(due, sequence++, task);
      queue.add(timer);
      if (queue.peek() == timer) {
        changed.signal();
      }
      return timer;
    } finally {
      lock.unlock();
    }
  }

  /** Runs a task once after a delay. */
  public Timer after(Duration delay, Runnable task) {
    return at(clock.instant().plus(delay), task);
  }

  /** Looks at the clock again: for clocks that are moved by hand. */
  public void clockMoved() {
    lock.lock();
    try {
      changed.signal();
    } finally {
      lock.unlock();
    }
  }

  private void keepTime() {
    lock.lock();
    try {
      while (!closed) {
        Timer next = queue.peek();
        if (next == null) {
          changed.await();
          continue;
        }
        Duration wait = Duration.between(clock.instant(), next.due);
        if (wait.isPositive()) {
          long nanos = wait.compareTo(LONGEST_WAIT) < 0 ? wait.toNanos() : LONGEST_WAIT.toNanos();
          changed.await(nanos, TimeUnit.NANOSECONDS);
        } else {
          queue.poll();
          threads.startVirtual("timer", next.task);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      lock.unlock();
    }
  }

  /** Drops all that waits; tasks that run already are not touched. */
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      queue.clear();
      changed.signal();
    } finally {
      lock.unlock();
    }
  }
}
