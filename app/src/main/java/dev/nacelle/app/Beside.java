package dev.nacelle.app;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * A part that starts on a thread of its own, beside the parts after it.
 *
 * @param <T> what the start gives
 */
final class Beside<T> {
  private final FutureTask<T> task;
  private final Thread thread;

  private Beside(FutureTask<T> task, Thread thread) {
    this.task = task;
    this.thread = thread;
  }

  static <T> Beside<T> start(Phases phases, String part, Phases.Step<T> step) {
    var task = new FutureTask<>(() -> phases.time(part, step));
    return new Beside<>(task, Thread.ofVirtual().name("start of " + part).start(task));
  }

  /** Ends a start that still waits for something; nothing happens after its end. */
  void interrupt() {
    thread.interrupt();
  }

  /** Waits for the start to end; fails as it failed. */
  T result() throws StartException, InterruptedException {
    try {
      return task.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof StartException refused) {
        throw refused;
      }
      throw new StartException(String.valueOf(e.getCause()), e);
    }
  }
}
