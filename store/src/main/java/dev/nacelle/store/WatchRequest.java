package dev.nacelle.store;

import java.util.EnumSet;
import java.util.Set;

/**
 * What to watch.
 *
 * @param fromRevision the first revision to report, or 0 for the one after the current
 */
public record WatchRequest(KeyRange range, long fromRevision, Set<Option> options) {
  public enum Option {
    /** Events carry the value that they replaced. */
    PREVIOUS_VALUES,
    /**
     * Batches without events come now and then, so that {@link WatchBatch#revision} moves on also
     * while only other keys change.
     */
    PROGRESS
  }

  public WatchRequest {
    if (fromRevision < 0) {
      throw new IllegalArgumentException("cannot watch: the revision is negative");
    }
    options = Set.copyOf(options);
  }

  public static WatchRequest of(KeyRange range) {
    return new WatchRequest(range, 0, Set.of());
  }

  public static WatchRequest key(String key) {
    return of(KeyRange.key(key));
  }

  public static WatchRequest prefix(String prefix) {
    return of(KeyRange.prefix(prefix));
  }

  public WatchRequest fromRevision(long fromRevision) {
    return new WatchRequest(range, fromRevision, options);
  }

  public WatchRequest with(Option option) {
    EnumSet<Option> all = EnumSet.of(option);
    all.addAll(options);
    return new WatchRequest(range, fromRevision, all);
  }
}
