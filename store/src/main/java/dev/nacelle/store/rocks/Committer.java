package dev.nacelle.store.rocks;

import dev.nacelle.store.StoreException;
import dev.nacelle.store.StoreReadOnlyException;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksDBException;

/**
 * The one writer: a platform thread (syncing would pin a carrier) that takes all waiting jobs,
 * decides them in order, writes one batch, syncs it, and only then answers. While it syncs the next
 * group gathers, so that no delay is needed to make groups. The first failed write ends all
 * writing: what the log holds behind it is not known.
 */
final class Committer implements AutoCloseable {
  /** The revision of an empty store. */
  static final long FIRST_REVISION = 1;

  private final Engine engine;
  private final Feed feed;
  private final CommitQueue queue = new CommitQueue();
  private final Thread thread;

  private volatile long revision;
  private volatile long compactedRevision;
  private volatile @Nullable Throwable failure;

  /** Committer thread only. */
  private long nextLease;

  Committer(Engine engine, Feed feed) {
    this.engine = engine;
    this.feed = feed;
    this.revision = number(engine, Layout.REVISION, FIRST_REVISION);
    this.compactedRevision = number(engine, Layout.COMPACTED, 0);
    this.nextLease = number(engine, Layout.NEXT_LEASE, 1);
    this.thread = Thread.ofPlatform().daemon().name("store-commit").unstarted(this::run);
  }

  private static long number(Engine engine, byte[] key, long otherwise) {
    byte[] bytes = engine.get(Family.META, key);
    return bytes == null ? otherwise : Layout.number(bytes);
  }

  void start() {
    thread.start();
  }

  long revision() {
    return revision;
  }

  long compactedRevision() {
    return compactedRevision;
  }

  /** Why the store takes no more commits, if so. */
  Optional<Throwable> failure() {
    return Optional.ofNullable(failure);
  }

  /**
   * Waits until the job's decision is durable.
   *
   * @throws StoreException the job's refusal; {@link UnknownOutcomeException} if it may have been
   *     written; {@link StoreReadOnlyException} if it was not
   */
  <T> T submit(Job<T> job, int sizeBytes) throws InterruptedException {
    Throwable broken = failure;
    if (broken != null) {
      throw readOnly(broken);
    }
    Ticket<T> ticket = new Ticket<>(job, sizeBytes);
    queue.add(ticket);
    return ticket.await();
  }

  private static StoreReadOnlyException readOnly(Throwable cause) {
    return new StoreReadOnlyException(
        "cannot commit: the store is read-only since a write failed (%s); make room or repair the disk, then restart"
            .formatted(cause.getMessage()),
        cause);
  }

  private void run() {
    while (true) {
      List<Ticket<?>> group = queue.takeGroup();
      if (group.isEmpty()) {
        return;
      }
      Throwable broken = failure;
      if (broken == null) {
        commit(group);
      } else {
        group.forEach(ticket -> ticket.fail(readOnly(broken)));
      }
    }
  }

  // Whatever goes wrong here, nobody may wait forever and nothing more may be written.
  private void commit(List<Ticket<?>> group) {
    try (CommitBatch batch = new CommitBatch(engine, revision, nextLease)) {
      for (Ticket<?> ticket : group) {
        ticket.decide(batch);
      }
      batch.seal();
      if (!batch.isEmpty()) {
        engine.writeDurably(batch.writes());
        nextLease = batch.nextLease();
        revision = batch.revision();
        batch.runDurable();
        feed.publish(batch.revisions());
      }
      group.forEach(Ticket::complete);
    } catch (RocksDBException | RuntimeException | Error e) {
      failure = e;
      var unknown =
          new UnknownOutcomeException(
              "cannot tell whether the commit was written: %s; read it back"
                  .formatted(e.getMessage()),
              e);
      group.forEach(ticket -> ticket.fail(unknown));
    }
  }

  /** Called on the committer's thread, by a job whose decision is durable. */
  void publishCompacted(long compacted) {
    compactedRevision = compacted;
  }

  /** Finishes what waits, then ends the thread. */
  @Override
  public void close() {
    queue.close();
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException _) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
