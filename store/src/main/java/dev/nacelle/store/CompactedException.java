package dev.nacelle.store;

/** The asked revision is no longer there. Read the newest state and go on from its revision. */
public final class CompactedException extends StoreException {
  private static final long serialVersionUID = 1L;

  private final long compactedRevision;

  public CompactedException(long askedRevision, long compactedRevision) {
    super(
        "cannot read revision %d: history begins at %d; read the newest state instead"
            .formatted(askedRevision, compactedRevision));
    this.compactedRevision = compactedRevision;
  }

  /** The last compacted revision. */
  public long compactedRevision() {
    return compactedRevision;
  }
}
