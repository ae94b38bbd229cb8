package dev.nacelle.store.rocks;

import dev.nacelle.store.CompactedException;
import dev.nacelle.store.FutureRevisionException;
import dev.nacelle.store.StoreException;
import java.util.concurrent.locks.ReentrantLock;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBatch;

/**
 * Forgets history. First the decision becomes durable and known to readers, then the calling thread
 * sweeps: the feed names each version that was replaced, so the cost is that of what is forgotten.
 * A sweep that a crash cut short is finished by the next one.
 */
final class Compaction {
  private static final int MAX_BATCH_ITEMS = 2000;

  private final Engine engine;
  private final Committer committer;
  private final ReentrantLock sweeping = new ReentrantLock();

  /**
   * Guarded by {@link #sweeping}: where the next sweep begins, behind the tombstones of the last.
   */
  private long sweepFrom;

  Compaction(Engine engine, Committer committer) {
    this.engine = engine;
    this.committer = committer;
  }

  void compact(long revision) throws InterruptedException {
    committer.submit(decision(revision), Long.BYTES);
    sweeping.lockInterruptibly();
    try {
      while (sweepSome(revision)) {
        if (Thread.interrupted()) {
          throw new InterruptedException();
        }
      }
    } catch (RocksDBException e) {
      throw new StoreException("cannot compact the store: " + e.getMessage(), e);
    } finally {
      sweeping.unlock();
    }
  }

  private Job<Long> decision(long revision) {
    return batch -> {
      if (revision <= committer.compactedRevision()) {
        throw new CompactedException(revision, committer.compactedRevision());
      }
      if (revision > batch.revision()) {
        throw new FutureRevisionException(revision, batch.revision());
      }
      batch.setCompacted(revision);
      batch.onDurable(() -> committer.publishCompacted(revision));
      return revision;
    };
  }

  /** Says whether more is left. */
  private boolean sweepSome(long upTo) throws RocksDBException {
    try (View view = engine.view();
        WriteBatch batch = new WriteBatch()) {
      View.Cursor cursor =
          view.cursor(Family.FEED, Layout.number(sweepFrom), Layout.number(upTo + 1));
      int items = 0;
      for (; cursor.isValid() && items < MAX_BATCH_ITEMS; cursor.next()) {
        FeedRecord feed = FeedRecord.parse(Layout.number(cursor.key()), cursor.value());
        for (FeedRecord.Item item : feed.items()) {
          forget(batch, item, feed.revision());
        }
        batch.delete(engine.handle(Family.FEED), cursor.key());
        items += 1 + feed.items().size();
        sweepFrom = feed.revision() + 1;
      }
      if (items > 0) {
        engine.writeLazily(batch);
      }
      return cursor.isValid();
    }
  }

  private void forget(WriteBatch batch, FeedRecord.Item item, long revision)
      throws RocksDBException {
    if (item.previous() != 0) {
      batch.delete(engine.handle(Family.PAST), Layout.past(item.key(), item.previous()));
    }
    if (item.isDelete()) {
      batch.delete(engine.handle(Family.PAST), Layout.past(item.key(), revision));
    }
  }
}
