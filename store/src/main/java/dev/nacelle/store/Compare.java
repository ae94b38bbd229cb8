package dev.nacelle.store;

/**
 * A condition of a transaction: {@code key} was last put at {@code modRevision}; 0 means that it
 * does not exist.
 */
public record Compare(String key, long modRevision) {
  public Compare {
    KeyRange.requireKey(key);
    if (modRevision < 0) {
      throw new IllegalArgumentException("cannot compare: the revision is negative");
    }
  }
}
