package dev.nacelle.testkit.store;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.store.CommitResult;
import dev.nacelle.store.Entry;
import dev.nacelle.store.KeyRange;
import dev.nacelle.store.LeaseStatus;
import dev.nacelle.store.Operation;
import dev.nacelle.store.RangeRequest;
import dev.nacelle.store.RangeResult;
import dev.nacelle.store.Store;
import dev.nacelle.store.StoreWatch;
import dev.nacelle.store.Transaction;
import dev.nacelle.store.WatchRequest;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.LongSupplier;

/**
 * A store in memory with somebody else in it: before each call of the caller another writer commits
 * at random, so that revisions have gaps and what was read is old. With it a test proves that its
 * subject does not assume to be alone. The same seed makes the same writes, as long as one thread
 * calls.
 */
public final class ForeignWriterStore implements Store {
  /** What the other writer does. */
  public enum Intrusion {
    /** It puts and deletes keys of its own, under {@link #FOREIGN_PREFIX}. */
    OWN_KEYS,
    /** It also puts keys of the caller again, unchanged: revisions move, compares fail. */
    TOUCH_KEYS_OF_THE_CALLER
  }

  /** Where the other writer's own keys lie. */
  public static final String FOREIGN_PREFIX = "/foreign/";

  private static final int OWN_KEYS = 20;

  private final MemoryStore store;
  private final Intrusion intrusion;
  private final Random random;

  /**
   * @param nanoTime monotonic nanoseconds, for leases
   */
  public ForeignWriterStore(long seed, Intrusion intrusion, LongSupplier nanoTime) {
    this.store = new MemoryStore(nanoTime);
    this.intrusion = intrusion;
    this.random = new Random(seed);
  }

  private void intrude() {
    for (int writes = random.nextInt(3); writes > 0; writes--) {
      if (intrusion == Intrusion.TOUCH_KEYS_OF_THE_CALLER && random.nextInt(4) == 0) {
        touch();
      } else {
        String key = FOREIGN_PREFIX + random.nextInt(OWN_KEYS);
        Operation operation =
            random.nextInt(4) == 0
                ? new Operation.DeleteKey(key)
                : new Operation.Put(key, Bytes.utf8("foreign " + random.nextLong()), 0);
        CommitResult _ = store.commit(new Transaction(List.of(), List.of(operation)));
      }
    }
  }

  private void touch() {
    List<Entry> all = store.range(RangeRequest.of(KeyRange.prefix(""))).entries();
    if (!all.isEmpty()) {
      Entry entry = all.get(random.nextInt(all.size()));
      CommitResult _ =
          store.commit(
              Transaction.builder()
                  .ifModRevision(entry.key(), entry.modRevision())
                  .putWithLease(entry.key(), entry.value(), entry.lease())
                  .build());
    }
  }

  @Override
  public RangeResult range(RangeRequest request) {
    intrude();
    return store.range(request);
  }

  @Override
  public CommitResult commit(Transaction transaction) {
    intrude();
    return store.commit(transaction);
  }

  @Override
  public StoreWatch watch(WatchRequest request) {
    intrude();
    return store.watch(request);
  }

  @Override
  public void compact(long revision) {
    intrude();
    store.compact(revision);
  }

  @Override
  public long revision() {
    intrude();
    return store.revision();
  }

  @Override
  public long compactedRevision() {
    return store.compactedRevision();
  }

  @Override
  public long grantLease(Duration timeToLive) {
    intrude();
    return store.grantLease(timeToLive);
  }

  @Override
  public Duration keepAlive(long leaseId) {
    intrude();
    return store.keepAlive(leaseId);
  }

  @Override
  public void revokeLease(long leaseId) {
    intrude();
    store.revokeLease(leaseId);
  }

  @Override
  public Optional<LeaseStatus> lease(long leaseId) {
    intrude();
    return store.lease(leaseId);
  }

  @Override
  public void close() {
    store.close();
  }
}
