package dev.nacelle.image.stream;

import dev.nacelle.image.ImageException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;

/** What tasks beside one another have come to. */
public final class TaskResults {
  private TaskResults() {}

  /**
   * Waits for a task: what it returned, or what it threw as what it is, if that is an {@link
   * ImageException}, an interruption or of the type that it may throw.
   *
   * @param fault begins the message where it threw something else
   * @throws IllegalStateException with that as its cause
   */
  public static <T, E extends Exception> T of(Future<T> task, String fault, Class<E> mayThrow)
      throws E, InterruptedException {
    try {
      return task.get();
    } catch (ExecutionException e) {
      Throwable cause = e.getCause();
      if (mayThrow.isInstance(cause)) {
        throw mayThrow.cast(cause);
      }
      switch (cause) {
        case ImageException known -> throw known;
        case InterruptedException interrupted -> throw interrupted;
        case null, default -> throw new IllegalStateException(fault, cause);
      }
    }
  }
}
