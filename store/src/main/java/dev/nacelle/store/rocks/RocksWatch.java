package dev.nacelle.store.rocks;

import dev.nacelle.store.Entry;
import dev.nacelle.store.KeyRange;
import dev.nacelle.store.StoreException;
import dev.nacelle.store.StoreWatch;
import dev.nacelle.store.ValueCodec;
import dev.nacelle.store.WatchBatch;
import dev.nacelle.store.WatchEvent;
import dev.nacelle.store.WatchRequest;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A watch is either live (the feed's thread fills its small buffer) or lagging (its reader reads
 * history from disk). It begins lagging and joins the feed when it has caught up; it lags again
 * when its buffer is full.
 */
final class RocksWatch implements StoreWatch {
  private static final int MAX_BUFFER_BYTES = 512 << 10;

  private final Feed feed;
  private final Committer committer;
  private final FeedReader reader;
  private final ValueCodec codec;
  private final KeyRange range;
  private final boolean withPrevious;
  private final boolean withProgress;
  private final int maxBufferEvents;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final ArrayDeque<Revision> buffer = new ArrayDeque<>();
  private int bufferedEvents;
  private int bufferedBytes;
  private boolean lagging = true;

  /** The first revision that was not yet delivered or buffered: older ones are ignored. */
  private long next;

  /** What the reader knows: every event up to here was delivered. */
  private long delivered;

  /** The revision that an asked-for progress must reach, or 0 if none is asked for. */
  private long wantedProgress;

  private boolean ended;

  RocksWatch(
      Feed feed,
      Committer committer,
      FeedReader reader,
      ValueCodec codec,
      WatchRequest request,
      long from,
      int maxBufferEvents) {
    this.feed = feed;
    this.committer = committer;
    this.reader = reader;
    this.codec = codec;
    this.range = request.range();
    this.withPrevious = request.options().contains(WatchRequest.Option.PREVIOUS_VALUES);
    this.withProgress = request.options().contains(WatchRequest.Option.PROGRESS);
    this.maxBufferEvents = maxBufferEvents;
    this.next = from;
  }

  KeyRange range() {
    return range;
  }

  /** Called by the feed's thread in revision order; false if the watch lags from here on. */
  boolean offer(Revision revision) {
    lock.lock();
    try {
      if (revision.number() < next) {
        return true;
      }
      int bytes = revision.sizeBytes();
      if (!buffer.isEmpty()
          && (bufferedEvents + revision.changes().size() > maxBufferEvents
              || bufferedBytes + bytes > MAX_BUFFER_BYTES)) {
        lagging = true;
        next = revision.number();
        return false;
      }
      buffer.add(revision);
      bufferedEvents += revision.changes().size();
      bufferedBytes += bytes;
      next = revision.number() + 1;
      changed.signal();
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** Called by the feed: it could not keep {@code revision} and some behind it. */
  void lagFrom(long revision) {
    lock.lock();
    try {
      lagging = true;
      next = Math.max(next, revision);
      changed.signal();
    } finally {
      lock.unlock();
    }
  }

  /** Called by the feed. */
  void goLive(long from) {
    lock.lock();
    try {
      lagging = false;
      next = from;
    } finally {
      lock.unlock();
    }
  }

  /** Called by the feed; wakes the reader if the wanted progress is reached. */
  boolean progressed() {
    lock.lock();
    try {
      boolean reached = feed.position() >= wantedProgress;
      if (reached) {
        changed.signal();
      }
      return reached;
    } finally {
      lock.unlock();
    }
  }

  /** Called by the feed when the store closes. */
  void end() {
    lock.lock();
    try {
      ended = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public WatchBatch poll(Duration timeout) throws InterruptedException {
    long remaining = timeout.toNanos();
    while (true) {
      lock.lockInterruptibly();
      try {
        while (buffer.isEmpty() && !lagging && !ended && !progressWanted() && remaining > 0) {
          remaining = changed.awaitNanos(remaining);
        }
        if (ended) {
          throw new StoreException("cannot poll: the watch is closed");
        }
        if (!buffer.isEmpty()) {
          return drain();
        }
        if (!lagging) {
          return progress();
        }
      } finally {
        lock.unlock();
      }
      WatchBatch caughtUp = readBack();
      if (caughtUp != null) {
        return caughtUp;
      }
    }
  }

  /** Under the lock. */
  private boolean progressWanted() {
    return wantedProgress > 0 && feed.position() >= wantedProgress;
  }

  /** Under the lock, with nothing buffered and in step with the feed. */
  private WatchBatch progress() {
    if (withProgress || wantedProgress > 0) {
      // the feed offers before it moves its position: nothing up to there can still be on its way
      delivered = Math.max(delivered, feed.position());
    }
    return answer(List.of());
  }

  /** Under the lock. */
  private WatchBatch drain() {
    List<Revision> taken = new ArrayList<>(buffer);
    buffer.clear();
    bufferedEvents = 0;
    bufferedBytes = 0;
    return batch(taken, taken.getLast().number());
  }

  private WatchBatch batch(List<Revision> revisions, long upTo) {
    List<WatchEvent> events = new ArrayList<>();
    for (Revision revision : revisions) {
      for (Change change : revision.changes()) {
        events.add(event(revision.number(), change));
      }
    }
    delivered = Math.max(delivered, upTo);
    return answer(events);
  }

  private WatchBatch answer(List<WatchEvent> events) {
    if (delivered >= wantedProgress) {
      wantedProgress = 0;
    }
    return new WatchBatch(events, delivered);
  }

  private WatchEvent event(long revision, Change change) {
    Version before = change.before();
    Optional<Entry> previous =
        withPrevious && before != null ? Optional.of(before.plain(codec)) : Optional.empty();
    Version after = change.after();
    return after == null
        ? new WatchEvent.Delete(change.key(), revision, previous)
        : new WatchEvent.Put(after.plain(codec), previous);
  }

  /** The next part of history; null if there was none in the range: look again. */
  private @Nullable WatchBatch readBack() {
    FeedReader.Chunk chunk = reader.read(next, range, withPrevious);
    long from = chunk.scannedTo() + 1;
    if (!chunk.revisions().isEmpty()) {
      lock.lock();
      try {
        next = from;
        return batch(chunk.revisions(), chunk.scannedTo());
      } finally {
        lock.unlock();
      }
    }
    next = from;
    feed.join(this, from);
    return null;
  }

  @Override
  public void requestProgress() {
    lock.lock();
    try {
      wantedProgress = Math.max(wantedProgress, committer.revision());
    } finally {
      lock.unlock();
    }
    feed.wakeOnProgress(this);
  }

  @Override
  public void close() {
    feed.leave(this);
    end();
  }
}
