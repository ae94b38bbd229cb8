package dev.nacelle.store.rocks;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.Slice;
import org.rocksdb.Snapshot;

/** A consistent snapshot of the data base, for one thread. */
final class View implements AutoCloseable {
  private final Engine engine;
  private final Snapshot snapshot;
  private final ReadOptions reads;
  private final List<Cursor> cursors = new ArrayList<>();

  View(Engine engine) {
    this.engine = engine;
    engine.enter();
    this.snapshot = engine.db().getSnapshot();
    this.reads = new ReadOptions().setSnapshot(snapshot);
  }

  byte @Nullable [] get(Family family, byte[] key) {
    try {
      return engine.db().get(engine.handle(family), reads, key);
    } catch (RocksDBException e) {
      throw engine.failedRead(e);
    }
  }

  /** The newest revision of the snapshot. */
  long revision() {
    byte[] bytes = get(Family.META, Layout.REVISION);
    return bytes == null ? Committer.FIRST_REVISION : Layout.number(bytes);
  }

  /** A cursor at the first key that is not before {@code from}; it lives as long as the view. */
  Cursor cursor(Family family, byte[] from, byte[] end) {
    Cursor cursor = new Cursor(family, from, end);
    cursors.add(cursor);
    return cursor;
  }

  @Override
  public void close() {
    for (Cursor cursor : cursors) {
      cursor.close();
    }
    reads.close();
    engine.db().releaseSnapshot(snapshot);
    snapshot.close();
    engine.exit();
  }

  /** Walks the keys of one family up to an end (exclusive). */
  final class Cursor {
    private final Slice bound;
    private final ReadOptions options;
    private final RocksIterator iterator;

    private Cursor(Family family, byte[] from, byte[] end) {
      this.bound = new Slice(end);
      this.options = new ReadOptions().setSnapshot(snapshot).setIterateUpperBound(bound);
      this.iterator = engine.db().newIterator(engine.handle(family), options);
      iterator.seek(from);
    }

    boolean isValid() {
      if (iterator.isValid()) {
        return true;
      }
      try {
        iterator.status();
        return false;
      } catch (RocksDBException e) {
        throw engine.failedRead(e);
      }
    }

    byte[] key() {
      return iterator.key();
    }

    byte[] value() {
      return iterator.value();
    }

    void next() {
      iterator.next();
    }

    void seek(byte[] key) {
      iterator.seek(key);
    }

    private void close() {
      iterator.close();
      options.close();
      bound.close();
    }
  }
}
