package dev.nacelle.store;

/** The store takes no more commits, because a write failed; reads go on. */
public final class StoreReadOnlyException extends StoreException {
  private static final long serialVersionUID = 1L;

  public StoreReadOnlyException(String message, Throwable cause) {
    super(message, cause);
  }
}
