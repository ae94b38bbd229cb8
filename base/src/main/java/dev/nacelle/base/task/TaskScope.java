package dev.nacelle.base.task;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Tasks on virtual threads that begin and end together: the first failure cancels (interrupts) the
 * others, and closing waits until every thread has ended. Forked, joined and closed by the thread
 * that opened it.
 *
 * <pre>{@code
 * try (var scope = TaskScope.open("pull")) {
 *   var manifest = scope.fork(() -> fetch(a));
 *   var config = scope.fork(() -> fetch(b));
 *   scope.join();
 *   use(manifest.result(), config.result());
 * }
 * }</pre>
 */
public final class TaskScope implements AutoCloseable {
  private final Threads threads;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  /** Guarded by {@code lock}, as all below. */
  private final List<Thread> started = new ArrayList<>();

  private int running;
  private boolean cancelled;
  private @Nullable Throwable firstFailure;

  private TaskScope(String name) {
    threads = new Threads(name);
  }

  public static TaskScope open(String name) {
    return new TaskScope(name);
  }

  /** A forked task. */
  public static final class Task<T> {
    private volatile @Nullable Outcome<T> outcome;

    private record Outcome<T>(T value) {}

    /**
     * What the task returned; after a successful {@link TaskScope#join}.
     *
     * @throws IllegalStateException if it has not returned
     */
    public T result() {
      Outcome<T> known = outcome;
      if (known == null) {
        throw new IllegalStateException("the task has no result: join first");
      }
      return known.value();
    }
  }

  /** Starts a task; after a failure or a cancellation it is not even begun. */
  public <T> Task<T> fork(Callable<T> work) {
    var task = new Task<T>();
    lock.lock();
    try {
      if (cancelled) {
        return task;
      }
      running++;
      started.add(threads.startVirtual("task-" + started.size(), () -> run(work, task)));
    } finally {
      lock.unlock();
    }
    return task;
  }

  private <T> void run(Callable<T> work, Task<T> task) {
    Throwable failure = null;
    try {
      task.outcome = new Task.Outcome<>(work.call());
    } catch (Throwable e) {
      failure = e;
    }
    lock.lock();
    try {
      running--;
      if (failure != null && firstFailure == null && !cancelled) {
        firstFailure = failure;
        interruptAll();
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void interruptAll() {
    cancelled = true;
    started.forEach(Thread::interrupt);
  }

  /**
   * Waits until all tasks have returned, or one has failed.
   *
   * @throws TaskFailedException with the first failure; the others have been cancelled
   * @throws IllegalStateException if the scope was cancelled
   */
  public void join() throws TaskFailedException, InterruptedException {
    lock.lockInterruptibly();
    try {
      while (running > 0 && !cancelled) {
        changed.await();
      }
      if (firstFailure != null) {
        throw new TaskFailedException(firstFailure);
      }
      if (cancelled) {
        throw new IllegalStateException("the scope was cancelled");
      }
    } finally {
      lock.unlock();
    }
  }

  /** Interrupts all tasks; does not wait. Any thread. */
  public void cancel() {
    lock.lock();
    try {
      interruptAll();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Cancels what still runs, and waits until every task has ended. */
  @Override
  public void close() {
    cancel();
    lock.lock();
    try {
      while (running > 0) {
        changed.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
  }
}
