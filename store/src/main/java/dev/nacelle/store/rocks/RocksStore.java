package dev.nacelle.store.rocks;

import dev.nacelle.store.CommitResult;
import dev.nacelle.store.Entry;
import dev.nacelle.store.LeaseStatus;
import dev.nacelle.store.Operation;
import dev.nacelle.store.RangeRequest;
import dev.nacelle.store.RangeResult;
import dev.nacelle.store.Store;
import dev.nacelle.store.StoreException;
import dev.nacelle.store.StoreWatch;
import dev.nacelle.store.Transaction;
import dev.nacelle.store.ValueCodec;
import dev.nacelle.store.WatchRequest;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A {@link Store} in one directory of the local disk, for one process. It has two platform threads
 * (commit, feed) and a virtual one (leases), all ended by {@link #close}.
 *
 * <p>What is acknowledged was synced to the log before. When a write fails, the commits of that
 * moment are {@link CommitResult.Unknown}, all later ones are refused, and reads go on: see {@link
 * #failure}.
 */
public final class RocksStore implements Store {
  private final Engine engine;
  private final Feed feed;
  private final Committer committer;
  private final Leases leases;
  private final Compaction compaction;
  private final RangeReader ranges;
  private final FeedReader history;
  private final ValueCodec codec;
  private final int watchBufferEvents;

  private RocksStore(Engine engine, RocksStoreOptions options) {
    this.engine = engine;
    this.codec = options.codec();
    this.watchBufferEvents = options.watchBufferEvents();
    this.feed = new Feed();
    this.committer = new Committer(engine, feed);
    this.leases = new Leases(engine, committer, options.nanoTime());
    this.compaction = new Compaction(engine, committer);
    this.ranges = new RangeReader(engine, committer, codec);
    this.history = new FeedReader(engine, committer);
  }

  /**
   * Opens the store in {@code directory}, made if missing.
   *
   * @throws StoreException in one line, if another process has it open, it was written by a newer
   *     version, or it cannot be read
   */
  public static RocksStore open(Path directory, RocksStoreOptions options) {
    Engine engine = Engine.open(directory, options);
    try {
      RocksStore store = new RocksStore(engine, options);
      store.feed.start(store.committer.revision());
      store.committer.start();
      store.leases.start();
      return store;
    } catch (RuntimeException | Error e) {
      engine.close();
      throw e;
    }
  }

  @Override
  public RangeResult range(RangeRequest request) {
    return ranges.read(request);
  }

  @Override
  public CommitResult commit(Transaction transaction) {
    var job = new TransactionJob(transaction.compares(), encoded(transaction), leases);
    try {
      return switch (committer.submit(job, transaction.sizeBytes())) {
        case TransactionJob.Decision.Done(long revision) -> new CommitResult.Committed(revision);
        case TransactionJob.Decision.Refused(List<Version> current, long revision) ->
            new CommitResult.Conflict(plain(current), revision);
      };
    } catch (UnknownOutcomeException e) {
      return new CommitResult.Unknown(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new CommitResult.Unknown(e);
    }
  }

  private List<Operation> encoded(Transaction transaction) {
    List<Operation> operations = new ArrayList<>(transaction.operations().size());
    for (Operation operation : transaction.operations()) {
      operations.add(
          switch (operation) {
            case Operation.Put put ->
                new Operation.Put(put.key(), codec.encode(put.key(), put.value()), put.lease());
            case Operation.DeleteKey delete -> delete;
            case Operation.DeletePrefix delete -> delete;
          });
    }
    return operations;
  }

  private List<Entry> plain(List<Version> versions) {
    return versions.stream().map(version -> version.plain(codec)).toList();
  }

  @Override
  public StoreWatch watch(WatchRequest request) {
    long from = request.fromRevision() == 0 ? committer.revision() + 1 : request.fromRevision();
    var watch = new RocksWatch(feed, committer, history, codec, request, from, watchBufferEvents);
    feed.open(watch);
    if (from > committer.compactedRevision()) {
      feed.join(watch, from);
    }
    return watch;
  }

  @Override
  public void compact(long revision) {
    try {
      compaction.compact(revision);
    } catch (InterruptedException e) {
      throw interrupted("compact", e);
    }
  }

  @Override
  public long revision() {
    return committer.revision();
  }

  @Override
  public long compactedRevision() {
    return committer.compactedRevision();
  }

  @Override
  public long grantLease(Duration timeToLive) {
    if (timeToLive.toSeconds() < 1) {
      throw new IllegalArgumentException("cannot grant a lease: it must live at least a second");
    }
    return submit("grant a lease", leases.grant(Duration.ofSeconds(timeToLive.toSeconds())));
  }

  @Override
  public Duration keepAlive(long leaseId) {
    return leases.keepAlive(leaseId);
  }

  @Override
  public void revokeLease(long leaseId) {
    submit("revoke a lease", leases.revoke(leaseId));
  }

  @Override
  public Optional<LeaseStatus> lease(long leaseId) {
    return leases.status(leaseId);
  }

  private long submit(String what, Job<Long> job) {
    try {
      return committer.submit(job, Long.BYTES);
    } catch (InterruptedException e) {
      throw interrupted(what, e);
    }
  }

  private static StoreException interrupted(String what, InterruptedException e) {
    Thread.currentThread().interrupt();
    return new StoreException("cannot %s: interrupted while waiting".formatted(what), e);
  }

  /** Why the store takes no more commits; empty while it is well. */
  public Optional<Throwable> failure() {
    return committer.failure();
  }

  @Override
  public void close() {
    leases.close();
    feed.close();
    committer.close();
    engine.close();
  }
}
