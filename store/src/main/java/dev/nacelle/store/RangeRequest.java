package dev.nacelle.store;

import java.util.EnumSet;
import java.util.Set;

/**
 * What to read.
 *
 * @param revision the snapshot to read, or 0 for the newest
 * @param limit the most entries to answer with, or 0 for all
 */
public record RangeRequest(KeyRange range, long revision, int limit, Set<Option> options) {
  public enum Option {
    /** Entries come without values. */
    KEYS_ONLY,
    /** No entries come, {@link RangeResult#count} is exact. */
    COUNT_ONLY,
    /**
     * {@link RangeResult#count} is exact also when the limit cuts the answer: costs a full walk.
     */
    COUNT_ALL
  }

  public RangeRequest {
    if (revision < 0 || limit < 0) {
      throw new IllegalArgumentException("cannot read: revision and limit must not be negative");
    }
    options = Set.copyOf(options);
  }

  public static RangeRequest of(KeyRange range) {
    return new RangeRequest(range, 0, 0, Set.of());
  }

  public static RangeRequest key(String key) {
    return of(KeyRange.key(key));
  }

  public static RangeRequest prefix(String prefix) {
    return of(KeyRange.prefix(prefix));
  }

  public RangeRequest atRevision(long revision) {
    return new RangeRequest(range, revision, limit, options);
  }

  public RangeRequest limit(int limit) {
    return new RangeRequest(range, revision, limit, options);
  }

  public RangeRequest with(Option option) {
    EnumSet<Option> all = EnumSet.of(option);
    all.addAll(options);
    return new RangeRequest(range, revision, limit, all);
  }
}
