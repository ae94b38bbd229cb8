package dev.nacelle.image.stream;

import dev.nacelle.base.task.Threads;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;

/** The threads of a lazy layer, so that closing it ends them. Safe for any thread. */
final class Crew implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final Threads threads;

  /** Guarded by this, as all below. */
  private final Set<Thread> running = new HashSet<>();

  private boolean closed;

  Crew(String name) {
    threads = new Threads(name);
  }

  /** Starts a thread for work that waits; one that comes too late is interrupted at once. */
  synchronized Thread startWaiting(String task, Runnable work) {
    return started(threads.startVirtual(task, () -> work(work)));
  }

  /** As the other, for work that computes: it must not keep the carriers of all the others. */
  synchronized Thread startComputing(String task, Runnable work) {
    return started(threads.startPlatform(task, () -> work(work)));
  }

  /**
   * Runs work on this thread, which is one of the crew until that has ended; that the crew was
   * closed meanwhile interrupts the work and not what the thread does next.
   */
  void workHere(Runnable work) {
    synchronized (this) {
      running.add(Thread.currentThread());
    }
    try {
      work.run();
    } finally {
      synchronized (this) {
        ended(Thread.currentThread());
        if (closed) {
          Thread.interrupted();
        }
      }
    }
  }

  private Thread started(Thread thread) {
    running.add(thread); // before it can end: ending needs this lock
    if (closed) {
      thread.interrupt();
    }
    return thread;
  }

  private void work(Runnable work) {
    try {
      work.run();
    } finally {
      ended(Thread.currentThread());
    }
  }

  private synchronized void ended(Thread thread) {
    running.remove(thread);
    notifyAll();
  }

  /** Interrupts all and waits until the others have ended, a bounded time. */
  @Override
  public void close() {
    long end = System.nanoTime() + PATIENCE.toNanos();
    boolean interrupted = false;
    synchronized (this) {
      closed = true;
      running.remove(Thread.currentThread()); // it cannot wait for itself
      running.forEach(Thread::interrupt);
      while (!running.isEmpty() && System.nanoTime() < end) {
        try {
          wait(Math.max(1, (end - System.nanoTime()) / 1_000_000));
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
