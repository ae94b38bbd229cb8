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

  private Beside(FutureTask<T> task) {
    this.task = task;
  }

  static <T> Beside<T> start(Phases phases, String part, Phases.Step<T> step) {
    var task = new FutureTask<>(() -> phases.time(part, step));
    Thread.ofVirtual().name("start of " + part).start(task);
    return new Beside<>(task);
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
