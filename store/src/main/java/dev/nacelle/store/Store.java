package dev.nacelle.store;

import java.time.Duration;
import java.util.Optional;

/**
 * A multi-version map of keys to bytes with one global, growing revision. It promises what etcd
 * does and no more: other writers exist, so what a caller read may be old by the time it commits.
 *
 * <p>An empty store has revision 1; each commit that changes something takes the next revision.
 * What a commit acknowledged is durable and is seen by every later {@link #range}. All methods may
 * be called by any thread and block; those that read or write throw {@link StoreException} when the
 * store is closed or cannot answer.
 */
public interface Store extends AutoCloseable {
  /** The most operations of one {@link Transaction}. */
  int MAX_OPERATIONS = 128;

  /** The most bytes of keys and values in one {@link Transaction}: 1.5 MiB. */
  int MAX_TRANSACTION_BYTES = 3 * 512 * 1024;

  /** The most characters of a key. */
  int MAX_KEY_LENGTH = 1024;

  /**
   * Reads a consistent snapshot.
   *
   * @throws CompactedException if the asked revision is older than the last compaction
   * @throws FutureRevisionException if the asked revision does not exist yet
   */
  RangeResult range(RangeRequest request);

  /**
   * Commits all operations under one new revision, if all compares hold. A transaction that changes
   * nothing (no operation, or deletes of what does not exist) is answered with the current
   * revision.
   *
   * <p>If the calling thread is interrupted while it waits, the answer is {@link
   * CommitResult.Unknown} and the thread stays interrupted.
   *
   * @throws LeaseNotFoundException if a put names a lease that does not exist; nothing is committed
   * @throws StoreReadOnlyException if the store takes no more commits; nothing is committed
   */
  CommitResult commit(Transaction transaction);

  /**
   * Opens a watch. The caller closes it. Its answers begin with the first change at or after the
   * asked revision; a compacted revision is reported by the first {@link StoreWatch#poll}.
   */
  StoreWatch watch(WatchRequest request);

  /**
   * Forgets all history before {@code revision}: reads at older revisions and watches from older
   * ones end with {@link CompactedException}, watches from exactly that one may; current values
   * stay. Returns once the decision is durable and the space is given back to the engine.
   *
   * @throws CompactedException if {@code revision} was compacted before
   * @throws FutureRevisionException if {@code revision} does not exist yet
   */
  void compact(long revision);

  /** The revision of the newest durable commit. */
  long revision();

  /** The revision of the last compaction, or 0. */
  long compactedRevision();

  /**
   * Makes a lease and returns its id, which is positive. Unless kept alive within {@code
   * timeToLive} it expires, and the keys that were last put with it are deleted in one commit. A
   * lease outlives a restart of the store, with at least its full time to live from then on.
   *
   * @param timeToLive whole seconds, at least one
   */
  long grantLease(Duration timeToLive);

  /**
   * Renews a lease and returns its full time to live.
   *
   * @throws LeaseNotFoundException if there is no such lease (any more)
   */
  Duration keepAlive(long leaseId);

  /**
   * Ends a lease now and deletes its keys in one commit.
   *
   * @throws LeaseNotFoundException if there is no such lease (any more)
   */
  void revokeLease(long leaseId);

  /** What is known of a lease; empty if there is no such lease (any more). */
  Optional<LeaseStatus> lease(long leaseId);

  /**
   * Ends all watches, waits for the commits under way and releases everything. Idempotent; nothing
   * acknowledged is lost.
   */
  @Override
  void close();
}
