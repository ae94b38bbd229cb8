package dev.nacelle.store;

import java.util.List;
import java.util.Optional;

/**
 * A snapshot.
 *
 * @param entries in key order
 * @param more whether the limit cut off further keys
 * @param count how many keys the whole range has at the revision; if {@code more} and neither
 *     {@code COUNT_ALL} nor {@code COUNT_ONLY} was asked, only a lower bound
 * @param revision the newest revision of the store that the snapshot is true for: that asked for,
 *     or the current one
 */
public record RangeResult(List<Entry> entries, boolean more, long count, long revision) {
  public RangeResult {
    entries = List.copyOf(entries);
  }

  /** The first entry, if any: what a read of a single key asks for. */
  public Optional<Entry> first() {
    return entries.isEmpty() ? Optional.empty() : Optional.of(entries.getFirst());
  }
}
