package dev.nacelle.store;

import java.util.List;

/** The outcome of {@link Store#commit}. */
public sealed interface CommitResult {
  /** It is durable, under this revision. */
  record Committed(long revision) implements CommitResult {}

  /**
   * A compare did not hold; nothing was changed.
   *
   * @param current those of the compared keys that exist, in the order of the compares
   * @param revision the revision at which this was so
   */
  record Conflict(List<Entry> current, long revision) implements CommitResult {
    public Conflict {
      current = List.copyOf(current);
    }
  }

  /** It may have happened or not: read to find out. */
  record Unknown(Throwable cause) implements CommitResult {}
}
