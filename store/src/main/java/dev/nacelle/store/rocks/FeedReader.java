package dev.nacelle.store.rocks;

import dev.nacelle.store.CompactedException;
import dev.nacelle.store.KeyRange;
import dev.nacelle.store.StoreException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads past revisions back from disk. Safe for any thread. */
final class FeedReader {
  private static final int MAX_EVENTS = 512;
  private static final int MAX_BYTES = 1 << 20;
  private static final int MAX_SCANNED = 16_384;

  private final Engine engine;
  private final Committer committer;

  FeedReader(Engine engine, Committer committer) {
    this.engine = engine;
    this.committer = committer;
  }

  /**
   * @param revisions those with a change in the range, whole
   * @param scannedTo everything up to here is in {@code revisions}
   */
  record Chunk(List<Revision> revisions, long scannedTo) {}

  /**
   * The next revisions from {@code from} on, a bounded part of them.
   *
   * @throws CompactedException if {@code from} was compacted
   */
  Chunk read(long from, KeyRange range, boolean withPrevious) {
    try (View view = engine.view()) {
      // looked at behind the snapshot: the sweep begins after the compacted revision is published
      long compacted = committer.compactedRevision();
      if (from <= compacted) {
        throw new CompactedException(from, compacted);
      }
      List<Revision> revisions = new ArrayList<>();
      long scannedTo = from - 1;
      int events = 0;
      int bytes = 0;
      View.Cursor cursor =
          view.cursor(Family.FEED, Layout.number(from), Layout.number(Long.MAX_VALUE));
      for (int scanned = 0; cursor.isValid(); cursor.next()) {
        if (scanned++ >= MAX_SCANNED || events >= MAX_EVENTS || bytes >= MAX_BYTES) {
          break;
        }
        scannedTo = Layout.number(cursor.key());
        Revision revision =
            load(view, FeedRecord.parse(scannedTo, cursor.value()), range, withPrevious);
        if (!revision.changes().isEmpty()) {
          revisions.add(revision);
          events += revision.changes().size();
          bytes += revision.sizeBytes();
        }
      }
      return new Chunk(revisions, scannedTo);
    }
  }

  private static Revision load(View view, FeedRecord feed, KeyRange range, boolean withPrevious) {
    List<Change> changes = new ArrayList<>();
    for (FeedRecord.Item item : feed.items()) {
      if (range.contains(item.key())) {
        Version before =
            withPrevious && item.previous() != 0
                ? version(view, item.key(), item.previous())
                : null;
        Version after = item.isDelete() ? null : version(view, item.key(), feed.revision());
        changes.add(new Change(item.key(), before, after));
      }
    }
    return new Revision(feed.revision(), changes);
  }

  private static Version version(View view, String key, long revision) {
    byte[] live = view.get(Family.LIVE, Layout.ascii(key));
    if (live != null) {
      Version current = Version.parse(key, live);
      if (current.modRevision() == revision) {
        return current;
      }
    }
    byte @Nullable [] past = view.get(Family.PAST, Layout.past(key, revision));
    if (past == null || past.length == 0) {
      throw new StoreException(
          "cannot read %s at revision %d: the store is damaged".formatted(key, revision));
    }
    return Version.parse(key, past);
  }
}
