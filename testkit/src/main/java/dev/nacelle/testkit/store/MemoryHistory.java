package dev.nacelle.testkit.store;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.store.CommitResult;
import dev.nacelle.store.Compare;
import dev.nacelle.store.Entry;
import dev.nacelle.store.KeyRange;
import dev.nacelle.store.LeaseNotFoundException;
import dev.nacelle.store.Operation;
import dev.nacelle.store.Transaction;
import dev.nacelle.store.WatchEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** All versions of all keys and all events. Guarded by the lock of its store. */
final class MemoryHistory {
  /** key -> revision -> the version put then; empty for a deletion. */
  private final TreeMap<String, TreeMap<Long, Optional<Entry>>> versions = new TreeMap<>();

  private final TreeMap<Long, List<WatchEvent>> events = new TreeMap<>();
  private long revision = 1;
  private long compacted;

  long revision() {
    return revision;
  }

  long compacted() {
    return compacted;
  }

  /** From {@code from} on, in order. */
  Map<Long, List<WatchEvent>> eventsFrom(long from) {
    return events.tailMap(from, true);
  }

  List<Entry> entries(KeyRange range, long at) {
    List<Entry> found = new ArrayList<>();
    if (range.from().compareTo(range.end()) < 0) {
      for (var versionsOfKey : versions.subMap(range.from(), range.end()).values()) {
        var last = versionsOfKey.floorEntry(at);
        if (last != null) {
          last.getValue().ifPresent(found::add);
        }
      }
    }
    return found;
  }

  static Entry withoutValue(Entry entry) {
    return new Entry(
        entry.key(),
        Bytes.EMPTY,
        entry.createRevision(),
        entry.modRevision(),
        entry.version(),
        entry.lease());
  }

  private @Nullable Entry current(String key) {
    var versionsOfKey = versions.get(key);
    return versionsOfKey == null || versionsOfKey.isEmpty()
        ? null
        : versionsOfKey.lastEntry().getValue().orElse(null);
  }

  CommitResult commit(Transaction transaction, Set<Long> leases) {
    boolean holds = true;
    List<Entry> compared = new ArrayList<>();
    for (Compare compare : transaction.compares()) {
      Entry found = current(compare.key());
      holds &= compare.modRevision() == (found == null ? 0 : found.modRevision());
      if (found != null) {
        compared.add(found);
      }
    }
    if (!holds) {
      return new CommitResult.Conflict(compared, revision);
    }
    for (Operation operation : transaction.operations()) {
      if (operation instanceof Operation.Put put
          && put.lease() != 0
          && !leases.contains(put.lease())) {
        throw new LeaseNotFoundException(put.lease());
      }
    }
    List<WatchEvent> changes = new ArrayList<>();
    for (Operation operation : transaction.operations()) {
      switch (operation) {
        case Operation.Put put -> put(put, changes);
        case Operation.DeleteKey delete -> delete(delete.key(), changes);
        case Operation.DeletePrefix delete ->
            entries(KeyRange.prefix(delete.prefix()), revision)
                .forEach(entry -> delete(entry.key(), changes));
      }
    }
    return new CommitResult.Committed(end(changes));
  }

  void deleteAll(List<String> keys) {
    List<WatchEvent> changes = new ArrayList<>();
    keys.forEach(key -> delete(key, changes));
    end(changes);
  }

  private long end(List<WatchEvent> changes) {
    if (!changes.isEmpty()) {
      revision++;
      events.put(revision, changes);
    }
    return revision;
  }

  private void put(Operation.Put put, List<WatchEvent> changes) {
    Entry before = current(put.key());
    long now = revision + 1;
    Entry after =
        new Entry(
            put.key(),
            put.value(),
            before == null ? now : before.createRevision(),
            now,
            before == null ? 1 : before.version() + 1,
            put.lease());
    versions.computeIfAbsent(put.key(), _ -> new TreeMap<>()).put(now, Optional.of(after));
    changes.add(new WatchEvent.Put(after, Optional.ofNullable(before)));
  }

  private void delete(String key, List<WatchEvent> changes) {
    Entry before = current(key);
    if (before != null) {
      versions.computeIfAbsent(key, _ -> new TreeMap<>()).put(revision + 1, Optional.empty());
      changes.add(new WatchEvent.Delete(key, revision + 1, Optional.of(before)));
    }
  }

  void compact(long upTo) {
    compacted = upTo;
    events.headMap(upTo, true).clear();
    for (var versionsOfKey : versions.values()) {
      var kept = versionsOfKey.floorEntry(upTo);
      if (kept != null) {
        versionsOfKey.headMap(kept.getKey(), kept.getValue().isEmpty()).clear();
      }
    }
    versions.values().removeIf(Map::isEmpty);
  }
}
