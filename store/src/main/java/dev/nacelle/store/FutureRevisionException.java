package dev.nacelle.store;

/** The asked revision does not exist yet. */
public final class FutureRevisionException extends StoreException {
  private static final long serialVersionUID = 1L;

  private final long currentRevision;

  public FutureRevisionException(long askedRevision, long currentRevision) {
    super("cannot use revision %d: the store is at %d".formatted(askedRevision, currentRevision));
    this.currentRevision = currentRevision;
  }

  /** The newest revision of the store. */
  public long currentRevision() {
    return currentRevision;
  }
}
