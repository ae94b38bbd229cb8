package dev.nacelle.store.rocks;

import dev.nacelle.base.bytes.Bytes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBatch;

/**
 * One group of commits that becomes durable as a whole, and the state as its commits see it: what
 * is on disk with what was decided before in this batch laid over. Used by the committer alone.
 */
final class CommitBatch implements AutoCloseable {
  private static final byte[] NOTHING = new byte[0];

  private final Engine engine;
  private final WriteBatch writes = new WriteBatch();
  private final TreeMap<String, Optional<Version>> overlay = new TreeMap<>();

  /** What was read for this batch: a compare and the write behind it need one look. */
  private final HashMap<String, Optional<Version>> onDisk = new HashMap<>();

  private final List<Revision> revisions = new ArrayList<>();
  private final List<Runnable> onDurable = new ArrayList<>();
  private final List<Change> changes = new ArrayList<>();
  private final TreeSet<Long> endedLeases = new TreeSet<>();
  private long revision;
  private long nextLease;

  CommitBatch(Engine engine, long revision, long nextLease) {
    this.engine = engine;
    this.revision = revision;
    this.nextLease = nextLease;
  }

  /** The revision of the last commit, in this batch or before it. */
  long revision() {
    return revision;
  }

  long nextLease() {
    return nextLease;
  }

  List<Revision> revisions() {
    return revisions;
  }

  boolean isEmpty() {
    return writes.count() == 0;
  }

  WriteBatch writes() {
    return writes;
  }

  /** What is to be done on the committer's thread once the batch is durable. */
  void onDurable(Runnable action) {
    onDurable.add(action);
  }

  void runDurable() {
    onDurable.forEach(Runnable::run);
  }

  @Nullable Version current(String key) {
    Optional<Version> decided = overlay.get(key);
    if (decided != null) {
      return decided.orElse(null);
    }
    Optional<Version> read = onDisk.get(key);
    if (read == null) {
      byte[] bytes = engine.get(Family.LIVE, Layout.ascii(key));
      read = bytes == null ? Optional.empty() : Optional.of(Version.parse(key, bytes));
      onDisk.put(key, read);
    }
    return read.orElse(null);
  }

  /** The existing keys with the prefix, in order. */
  SortedSet<String> keys(String prefix) {
    TreeSet<String> keys = new TreeSet<>();
    String end = prefix + '\u007f';
    try (View view = engine.view()) {
      View.Cursor cursor = view.cursor(Family.LIVE, Layout.ascii(prefix), Layout.ascii(end));
      for (; cursor.isValid(); cursor.next()) {
        keys.add(Layout.text(cursor.key()));
      }
    }
    overlay.subMap(prefix, end).forEach((key, version) -> update(keys, key, version.isPresent()));
    return keys;
  }

  /** The keys attached to a lease, in order. */
  SortedSet<String> attachedKeys(long lease) {
    TreeSet<String> keys = new TreeSet<>();
    try (View view = engine.view()) {
      View.Cursor cursor =
          view.cursor(Family.LEASE, Layout.attachment(lease, " "), Layout.number(lease + 1));
      for (; cursor.isValid(); cursor.next()) {
        keys.add(Layout.attachedKey(cursor.key()));
      }
    }
    overlay.forEach(
        (key, version) -> update(keys, key, version.isPresent() && version.get().lease() == lease));
    return keys;
  }

  private static void update(TreeSet<String> keys, String key, boolean member) {
    if (member) {
      keys.add(key);
    } else {
      keys.remove(key);
    }
  }

  /** Sets a key in the commit under way; its revision is the one after {@link #revision}. */
  void put(String key, Bytes stored, long lease) {
    long now = revision + 1;
    Version before = current(key);
    Version after =
        before == null
            ? new Version(key, now, now, 1, lease, stored)
            : new Version(key, before.createRevision(), now, before.version() + 1, lease, stored);
    byte[] live = Layout.ascii(key);
    if (before != null) {
      write(Family.PAST, Layout.past(key, before.modRevision()), before.toBytes());
    }
    write(Family.LIVE, live, after.toBytes());
    moveLease(key, before == null ? 0 : before.lease(), lease);
    record(new Change(key, before, after));
  }

  /** Deletes a key in the commit under way, if it exists. */
  void delete(String key) {
    Version before = current(key);
    if (before == null) {
      return;
    }
    write(Family.PAST, Layout.past(key, before.modRevision()), before.toBytes());
    write(Family.PAST, Layout.past(key, revision + 1), NOTHING);
    erase(Family.LIVE, Layout.ascii(key));
    moveLease(key, before.lease(), 0);
    record(new Change(key, before, null));
  }

  private void moveLease(String key, long from, long to) {
    if (from != to) {
      if (from != 0) {
        erase(Family.LEASE, Layout.attachment(from, key));
      }
      if (to != 0) {
        write(Family.LEASE, Layout.attachment(to, key), NOTHING);
      }
    }
  }

  private void record(Change change) {
    overlay.put(change.key(), Optional.ofNullable(change.after()));
    changes.add(change);
  }

  /** Ends the commit under way and returns its revision, or the current one if nothing changed. */
  long endCommit() {
    if (!changes.isEmpty()) {
      revision++;
      write(Family.FEED, Layout.number(revision), FeedRecord.encode(changes));
      revisions.add(new Revision(revision, List.copyOf(changes)));
      changes.clear();
    }
    return revision;
  }

  long addLease(long timeToLiveSeconds) {
    long id = nextLease++;
    write(Family.LEASE, Layout.number(id), Layout.number(timeToLiveSeconds));
    write(Family.META, Layout.NEXT_LEASE, Layout.number(nextLease));
    return id;
  }

  void endLease(long id) {
    erase(Family.LEASE, Layout.number(id));
    endedLeases.add(id);
  }

  boolean hasEnded(long lease) {
    return endedLeases.contains(lease);
  }

  void setCompacted(long compacted) {
    write(Family.META, Layout.COMPACTED, Layout.number(compacted));
  }

  /** Adds the counters; the batch is complete then. */
  void seal() {
    if (!revisions.isEmpty()) {
      write(Family.META, Layout.REVISION, Layout.number(revision));
    }
  }

  private void write(Family family, byte[] key, byte[] value) {
    try {
      writes.put(engine.handle(family), key, value);
    } catch (RocksDBException e) {
      throw new IllegalStateException("cannot gather a commit: " + e.getMessage(), e);
    }
  }

  private void erase(Family family, byte[] key) {
    try {
      writes.delete(engine.handle(family), key);
    } catch (RocksDBException e) {
      throw new IllegalStateException("cannot gather a commit: " + e.getMessage(), e);
    }
  }

  @Override
  public void close() {
    writes.close();
  }
}
