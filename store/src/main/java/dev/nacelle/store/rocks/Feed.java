package dev.nacelle.store.rocks;

import dev.nacelle.store.KeyRange;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Hands durable revisions to the watches, on a thread of its own. Watches of the same range are
 * matched once. What the thread cannot keep up with it does not keep: the watches then read it back
 * from disk.
 */
final class Feed implements AutoCloseable {
  private static final int MAX_TAIL_REVISIONS = 8192;
  private static final int MAX_TAIL_BYTES = 8 << 20;

  private final ReentrantLock tailLock = new ReentrantLock();
  private final Condition tailChanged = tailLock.newCondition();
  private final ArrayDeque<Revision> tail = new ArrayDeque<>();
  private int tailBytes;
  private boolean closed;

  private final ReentrantLock watchLock = new ReentrantLock();
  private final Map<KeyRange, List<RocksWatch>> live = new LinkedHashMap<>();
  private final Set<RocksWatch> open = new HashSet<>();
  private final Set<RocksWatch> wantProgress = new HashSet<>();

  /** Everything up to here was handed to the live watches. Written under {@link #watchLock}. */
  private volatile long position;

  private final Thread thread =
      Thread.ofPlatform().daemon().name("store-feed").unstarted(this::run);

  void start(long revision) {
    position = revision;
    thread.start();
  }

  long position() {
    return position;
  }

  /** Called by the committer with what just became durable; never waits. */
  void publish(List<Revision> revisions) {
    if (revisions.isEmpty()) {
      return;
    }
    tailLock.lock();
    try {
      for (Revision revision : revisions) {
        tail.add(revision);
        tailBytes += revision.sizeBytes();
      }
      // the oldest give way: the thread notices the hole by the numbers
      while (tail.size() > 1 && (tail.size() > MAX_TAIL_REVISIONS || tailBytes > MAX_TAIL_BYTES)) {
        tailBytes -= tail.remove().sizeBytes();
      }
      tailChanged.signal();
    } finally {
      tailLock.unlock();
    }
  }

  private void run() {
    while (true) {
      List<Revision> next = takeTail();
      if (next.isEmpty()) {
        return;
      }
      dispatch(next);
    }
  }

  private List<Revision> takeTail() {
    tailLock.lock();
    try {
      while (tail.isEmpty() && !closed) {
        tailChanged.awaitUninterruptibly();
      }
      List<Revision> taken = closed ? List.of() : new ArrayList<>(tail);
      tail.clear();
      tailBytes = 0;
      return taken;
    } finally {
      tailLock.unlock();
    }
  }

  private void dispatch(List<Revision> revisions) {
    watchLock.lock();
    try {
      if (revisions.getFirst().number() != position + 1) {
        sendToDisk();
      }
      for (Revision revision : revisions) {
        live.entrySet().removeIf(each -> offer(revision, each.getKey(), each.getValue()));
      }
      position = revisions.getLast().number();
      wantProgress.removeIf(RocksWatch::progressed);
    } finally {
      watchLock.unlock();
    }
  }

  /** Says whether no live watch of the range is left. */
  private static boolean offer(Revision revision, KeyRange range, List<RocksWatch> watches) {
    Revision part = revision.within(range);
    if (!part.changes().isEmpty()) {
      watches.removeIf(watch -> !watch.offer(part));
    }
    return watches.isEmpty();
  }

  private void sendToDisk() {
    for (Collection<RocksWatch> watches : live.values()) {
      watches.forEach(watch -> watch.lagFrom(position + 1));
    }
    live.clear();
  }

  /** Makes a watch known, so that closing reaches it. */
  void open(RocksWatch watch) {
    watchLock.lock();
    try {
      open.add(watch);
      if (closed) {
        watch.end();
      }
    } finally {
      watchLock.unlock();
    }
  }

  /** Goes on in memory, if everything handed out so far is before {@code next}. */
  boolean join(RocksWatch watch, long next) {
    watchLock.lock();
    try {
      if (next <= position || !open.contains(watch)) {
        return false;
      }
      watch.goLive(next);
      live.computeIfAbsent(watch.range(), _ -> new ArrayList<>()).add(watch);
      return true;
    } finally {
      watchLock.unlock();
    }
  }

  /** Wakes the watch once the position has reached what it waits for. */
  void wakeOnProgress(RocksWatch watch) {
    watchLock.lock();
    try {
      if (!watch.progressed() && open.contains(watch)) {
        wantProgress.add(watch);
      }
    } finally {
      watchLock.unlock();
    }
  }

  void leave(RocksWatch watch) {
    watchLock.lock();
    try {
      open.remove(watch);
      wantProgress.remove(watch);
      List<RocksWatch> watches = live.get(watch.range());
      if (watches != null && watches.remove(watch) && watches.isEmpty()) {
        live.remove(watch.range());
      }
    } finally {
      watchLock.unlock();
    }
  }

  /** Ends all watches and the thread. */
  @Override
  public void close() {
    tailLock.lock();
    try {
      closed = true;
      tailChanged.signalAll();
    } finally {
      tailLock.unlock();
    }
    watchLock.lock();
    try {
      open.forEach(RocksWatch::end);
      open.clear();
      live.clear();
      wantProgress.clear();
    } finally {
      watchLock.unlock();
    }
  }
}
