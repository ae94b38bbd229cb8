package dev.nacelle.store.rocks;

import dev.nacelle.store.KeyRange;
import java.util.ArrayList;
import java.util.List;

/** What one commit changed, in the order of its operations. */
record Revision(long number, List<Change> changes) {
  int sizeBytes() {
    int size = 32;
    for (Change change : changes) {
      size += change.sizeBytes();
    }
    return size;
  }

  /** The part of it that {@code range} holds. */
  Revision within(KeyRange range) {
    if (changes.size() == 1) {
      return range.contains(changes.getFirst().key()) ? this : new Revision(number, List.of());
    }
    List<Change> kept = new ArrayList<>();
    for (Change change : changes) {
      if (range.contains(change.key())) {
        kept.add(change);
      }
    }
    return kept.size() == changes.size() ? this : new Revision(number, kept);
  }
}
