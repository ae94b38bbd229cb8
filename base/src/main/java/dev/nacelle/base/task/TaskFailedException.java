package dev.nacelle.base.task;

/** A task of a {@link TaskScope} failed; the cause is what it threw. */
public final class TaskFailedException extends Exception {
  private static final long serialVersionUID = 1L;

  TaskFailedException(Throwable cause) {
    super(cause.getMessage(), cause);
  }

  /**
   * Throws the cause as what it is, if it is of a type: {@code e.rethrow(IOException.class)}; also
   * if it is unchecked.
   */
  public <E extends Exception> TaskFailedException rethrow(Class<E> type) throws E {
    switch (getCause()) {
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      case null -> {}
      case Throwable e -> {
        if (type.isInstance(e)) {
          throw type.cast(e);
        }
      }
    }
    return this;
  }
}
