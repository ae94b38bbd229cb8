package dev.nacelle.base.task;

import java.util.ArrayDeque;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * A bounded pool of platform threads for native calls that block, which would pin the carrier of a
 * virtual thread. Safe for any thread.
 */
public final class NativeCalls implements AutoCloseable {
  private final ThreadPoolExecutor pool;

  /** A native call. */
  @FunctionalInterface
  public interface Call<T, E extends Exception> {
    T call() throws E;
  }

  /**
   * @param threads at most; they end when idle for ten seconds
   * @param queued at most; more are refused
   */
  public NativeCalls(String name, int threads, int queued) {
    var factory = Thread.ofPlatform().name(name + "-", 0).daemon().factory();
    pool =
        new ThreadPoolExecutor(
            threads, threads, 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>(queued), factory);
    pool.allowCoreThreadTimeOut(true);
  }

  /**
   * Runs a call on the pool and waits for it. A call that has begun cannot be interrupted: an
   * interrupt of the caller is kept until the call returns.
   *
   * @throws InterruptedException if the caller was interrupted before the call began; it never will
   * @throws IllegalStateException if too many calls wait, or the pool is closed
   */
  public <T, E extends Exception> T call(Call<T, E> call) throws E, InterruptedException {
    var ticket = new Ticket<T, E>(call);
    try {
      pool.execute(ticket);
    } catch (RejectedExecutionException e) {
      throw new IllegalStateException(
          "too many native calls are waiting, or the pool is closed", e);
    }
    return ticket.await(pool);
  }

  /**
   * Runs a call on a platform thread of its own that ends with it: for calls that change the thread
   * for good, such as {@code setns}.
   */
  public static <T, E extends Exception> T callOnOwnThread(String name, Call<T, E> call)
      throws E, InterruptedException {
    var ticket = new Ticket<T, E>(call);
    Thread.ofPlatform().name(name).daemon().inheritInheritableThreadLocals(false).start(ticket);
    return ticket.await(null);
  }

  /** Ends the threads; calls that wait are refused, those under way end by themselves. */
  @Override
  public void close() {
    var waiting = new ArrayDeque<>(pool.shutdownNow());
    waiting.forEach(
        ticket -> {
          if (ticket instanceof Ticket<?, ?> refused) {
            refused.refuse();
          }
        });
  }

  private static final class Ticket<T, E extends Exception> implements Runnable {
    private sealed interface Outcome<T> {
      record Value<T>(T value) implements Outcome<T> {}

      record Failure<T>(Throwable cause) implements Outcome<T> {}
    }

    private final Call<T, E> call;
    private final CountDownLatch done = new CountDownLatch(1);
    private final AtomicReference<@Nullable Outcome<T>> outcome = new AtomicReference<>();

    Ticket(Call<T, E> call) {
      this.call = call;
    }

    @Override
    public void run() {
      try {
        outcome.set(new Outcome.Value<>(call.call()));
      } catch (Throwable e) {
        outcome.set(new Outcome.Failure<>(e));
      } finally {
        done.countDown();
      }
    }

    void refuse() {
      outcome.set(new Outcome.Failure<>(new IllegalStateException("the pool is closed")));
      done.countDown();
    }

    T await(@Nullable ThreadPoolExecutor pool) throws E, InterruptedException {
      boolean interrupted = false;
      try {
        while (true) {
          try {
            done.await();
            return result();
          } catch (InterruptedException e) {
            if (pool != null && pool.remove(this)) {
              throw e;
            }
            interrupted = true;
          }
        }
      } finally {
        if (interrupted) {
          Thread.currentThread().interrupt();
        }
      }
    }

    /** The type of the failure is that of the call, by its signature. */
    @SuppressWarnings("unchecked")
    private T result() throws E {
      return switch (outcome.get()) {
        case Outcome.Value<T>(T value) -> value;
        case Outcome.Failure<T>(RuntimeException e) -> throw e;
        case Outcome.Failure<T>(Error e) -> throw e;
        case Outcome.Failure<T>(Throwable e) -> throw (E) e;
        case null -> throw new IllegalStateException("no outcome");
      };
    }
  }
}
