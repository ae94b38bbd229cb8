package dev.nacelle.image.stream;

import dev.nacelle.base.task.TaskFailedException;
import dev.nacelle.base.task.TaskScope;
import dev.nacelle.image.ImageException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

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
      throw thrown(e.getCause(), fault, mayThrow);
    }
  }

  /** As the other, of the only task of a scope. */
  public static <T, E extends Exception> T of(
      TaskScope scope, TaskScope.Task<T> task, String fault, Class<E> mayThrow)
      throws E, InterruptedException {
    try {
      scope.join();
      return task.result();
    } catch (TaskFailedException e) {
      throw thrown(e.getCause(), fault, mayThrow);
    }
  }

  private static <E extends Exception> E thrown(
      @Nullable Throwable cause, String fault, Class<E> mayThrow) throws InterruptedException {
    if (mayThrow.isInstance(cause)) {
      return mayThrow.cast(cause);
    }
    switch (cause) {
      case ImageException known -> throw known;
      case InterruptedException interrupted -> throw interrupted;
      case null, default -> throw new IllegalStateException(fault, cause);
    }
  }
}
