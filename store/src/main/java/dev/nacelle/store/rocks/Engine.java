package dev.nacelle.store.rocks;

import dev.nacelle.store.StoreException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.rocksdb.AbstractNativeReference;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.DBOptions;
import org.rocksdb.FlushOptions;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;

/**
 * The open data base. Safe for any thread. Every use is counted, so that closing waits for the uses
 * under way: native memory must not vanish under a reader.
 */
final class Engine implements AutoCloseable {
  private static final int CLOSED = 1 << 30;
  private static final long CLOSE_POLL_NANOS = 200_000;

  private final Path directory;
  private final RocksDB db;
  private final List<ColumnFamilyHandle> handles;
  private final List<AbstractNativeReference> owned;
  private final ReadOptions plainReads = new ReadOptions();
  private final WriteOptions durably = new WriteOptions().setSync(true);
  private final WriteOptions lazily = new WriteOptions();

  /** How many uses are under way, plus {@link #CLOSED}. */
  private final AtomicInteger uses = new AtomicInteger();

  private Engine(
      Path directory,
      RocksDB db,
      List<ColumnFamilyHandle> handles,
      List<AbstractNativeReference> owned) {
    this.directory = directory;
    this.db = db;
    this.handles = handles;
    this.owned = owned;
  }

  static Engine open(Path directory, RocksStoreOptions options) {
    FormatFile.check(directory);
    RocksDB.loadLibrary();
    List<AbstractNativeReference> owned = new ArrayList<>();
    List<ColumnFamilyHandle> handles = new ArrayList<>();
    try {
      DBOptions dbOptions = Tuning.dbOptions(options, owned);
      List<ColumnFamilyDescriptor> families = Tuning.families(options, owned);
      RocksDB db = RocksDB.open(dbOptions, directory.toString(), families, handles);
      return new Engine(directory, db, handles, owned);
    } catch (RocksDBException e) {
      closeAll(owned);
      throw cannotOpen(directory, e);
    }
  }

  private static StoreException cannotOpen(Path directory, RocksDBException e) {
    String why = String.valueOf(e.getMessage()).replace('\n', ' ');
    if (why.contains("/LOCK") || why.contains("lock hold by current process")) {
      return new StoreException(
          "cannot open store %s: another process has it open; stop that one first"
              .formatted(directory),
          e);
    }
    return new StoreException("cannot open store %s: %s".formatted(directory, why), e);
  }

  ColumnFamilyHandle handle(Family family) {
    return handles.get(family.ordinal());
  }

  RocksDB db() {
    return db;
  }

  /** Begins a use of the native data base; {@link #exit} ends it. */
  void enter() {
    if ((uses.incrementAndGet() & CLOSED) != 0) {
      uses.decrementAndGet();
      throw new StoreException("cannot use store %s: it is closed".formatted(directory));
    }
  }

  void exit() {
    uses.decrementAndGet();
  }

  /** The newest durable value, or null. */
  byte @Nullable [] get(Family family, byte[] key) {
    enter();
    try {
      return db.get(handle(family), plainReads, key);
    } catch (RocksDBException e) {
      throw failedRead(e);
    } finally {
      exit();
    }
  }

  /** A snapshot of everything; the caller closes it. */
  View view() {
    return new View(this);
  }

  StoreException failedRead(RocksDBException e) {
    return new StoreException(
        "cannot read store %s: %s".formatted(directory, String.valueOf(e.getMessage())), e);
  }

  /** Returns once the batch is on the disk; only then readers see it. */
  void writeDurably(WriteBatch batch) throws RocksDBException {
    write(durably, batch);
  }

  /** Atomic and in order, but maybe lost by a crash. */
  void writeLazily(WriteBatch batch) throws RocksDBException {
    write(lazily, batch);
  }

  private void write(WriteOptions how, WriteBatch batch) throws RocksDBException {
    enter();
    try {
      db.write(how, batch);
    } finally {
      exit();
    }
  }

  /** Waits for the uses under way, writes memory tables out (the next start is fast), closes. */
  @Override
  public void close() {
    int before = uses.getAndUpdate(n -> n | CLOSED);
    if ((before & CLOSED) != 0) {
      return;
    }
    while (uses.get() != CLOSED) {
      LockSupport.parkNanos(this, CLOSE_POLL_NANOS);
    }
    try (FlushOptions flush = new FlushOptions().setWaitForFlush(true)) {
      db.flush(flush, handles);
    } catch (RocksDBException _) {
      // everything acknowledged is in the log already: the next start is merely slower
    }
    closeAll(handles);
    db.close();
    plainReads.close();
    durably.close();
    lazily.close();
    closeAll(owned);
  }

  private static void closeAll(List<? extends AbstractNativeReference> references) {
    for (AbstractNativeReference reference : references.reversed()) {
      reference.close();
    }
  }
}
