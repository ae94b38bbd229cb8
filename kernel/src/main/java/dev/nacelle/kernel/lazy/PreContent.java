package dev.nacelle.kernel.lazy;

import dev.nacelle.kernel.Errno;
import dev.nacelle.kernel.ErrnoException;
import dev.nacelle.kernel.process.CompanionException;
import dev.nacelle.kernel.process.OpenFile;
import dev.nacelle.kernel.process.Poller;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The platform's side of files that are filled while they are read: it tells the keeper of them,
 * fills what readers wait for, and holds the group so that it outlives the keeper. Nobody ever
 * reads a hole: while keeper or platform are dead, readers wait.
 *
 * <p>Use: {@link #open}, {@link #add} every file there is, {@link #serve}; then files come and go.
 * When the keeper's end is told: start another one, {@link #reconnect}. Calls block (virtual
 * threads park) and throw {@link CompanionException}; safe for any thread.
 */
public final class PreContent implements AutoCloseable {
  /** Where the group came from; in the order of protocol.h. */
  public enum Origin {
    /** It is new, nothing is marked. */
    MADE,
    /** Its keeper died; marks and waiting readers are as they were. */
    TAKEN_OVER,
    /** The keeper lives and has its files. */
    WAS_OPEN
  }

  /** What is promised about a file that is removed. */
  public enum Removal {
    /** It has all its bytes: it is read at native speed from now on. */
    WHOLE,
    /** Nobody needs it: its mount has gone. Late readers get EIO. */
    DISCARD
  }

  private final Poller poller;
  private final Path runDirectory;
  private final Filler filler;
  private final Runnable ended;
  private final ExecutorService fills =
      Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("fill-", 0).factory());
  private final Map<String, LazyFile> files = new ConcurrentHashMap<>();
  private final ReentrantLock lock = new ReentrantLock(); // one reconnection or addition at a time
  private KeeperLink link;
  private Group group;
  private Origin origin;
  private Set<String> known; // to the keeper, when it was asked
  private volatile boolean closed;

  private PreContent(Poller poller, Path runDirectory, Filler filler, Runnable ended)
      throws InterruptedException {
    this.poller = poller;
    this.runDirectory = runDirectory;
    this.filler = filler;
    this.ended = ended;
    link = connect();
    try {
      known = link.list().keySet();
      var opened = link.open(List.of());
      group = opened.group();
      origin = opened.origin();
    } catch (RuntimeException e) {
      link.close();
      throw e;
    }
  }

  /**
   * Connects to the keeper of an instance and makes or finds its group. A group whose keeper died
   * is swept: what the dead one had read, and a platform that died too cannot answer, gets EIO.
   *
   * @param filler called for every range that is missing
   * @param ended told on the connection's thread, once per connection, that the keeper died, was
   *     upgraded, or that this was closed
   * @throws CompanionException if the keeper cannot; EMFILE if root has all groups it may have
   * @throws ErrnoException ENOENT or ECONNREFUSED if no keeper runs
   */
  public static PreContent open(Poller poller, Path runDirectory, Filler filler, Runnable ended)
      throws InterruptedException {
    return new PreContent(poller, runDirectory, filler, ended);
  }

  private KeeperLink connect() throws InterruptedException {
    return new KeeperLink(poller, runDirectory, this::fill, this::linkEnded);
  }

  private void linkEnded() {
    if (!closed) {
      ended.run();
    }
  }

  /** Where the group came from, when this connected last. */
  public Origin origin() {
    lock.lock();
    try {
      return origin;
    } finally {
      lock.unlock();
    }
  }

  /**
   * From now on reads of this file wait for what its map says is missing. Before anything mounts or
   * opens it, unless the keeper or its group had it already: then this finds it again.
   *
   * @param map stays open until the file is removed
   * @throws CompanionException EOPNOTSUPP if the file system has no pre-content events
   */
  public LazyFile add(String id, Path blob, PresenceMap map) throws InterruptedException {
    lock.lock();
    try {
      if (files.containsKey(id)) {
        throw new IllegalStateException("cannot add " + id + ": it is there already");
      }
      LazyFile file;
      if (known.contains(id)) {
        file = link.attach(id, map);
      } else if (origin == Origin.TAKEN_OVER) {
        file = link.addMarked(id, blob, map);
      } else {
        file = new LazyFile(id, OpenFile.open(blob), map);
        try {
          link.add(file);
        } catch (RuntimeException e) {
          file.blob().close();
          throw e;
        }
      }
      files.put(id, file);
      return file;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Ends the lazy reading of a file; an unknown one is a success. The caller closes its map.
   *
   * @throws IllegalStateException if it is not whole and not discarded
   */
  public void remove(LazyFile file, Removal removal) throws InterruptedException {
    lock.lock();
    try {
      link.remove(file, removal);
      files.remove(file.id());
      file.blob().close();
    } finally {
      lock.unlock();
    }
  }

  /** Starts to fill: every file that the group may have marked has been added by now. */
  public void serve() throws InterruptedException {
    lock.lock();
    try {
      for (String id : known) {
        if (!files.containsKey(id)) {
          throw new IllegalStateException("cannot serve: the keeper has " + id + ", add it first");
        }
      }
      link.serve();
      known = Set.of();
      origin = Origin.WAS_OPEN; // what is added later was never marked
    } finally {
      lock.unlock();
    }
  }

  /** The ids of files that the keeper had when this connected, and that were not added yet. */
  public Set<String> expected() {
    lock.lock();
    try {
      var missing = new java.util.TreeSet<>(known);
      missing.removeAll(files.keySet());
      return Set.copyOf(missing);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Goes on after the end of a connection, with the keeper that runs now: the same one, upgraded,
   * or another after the first one's death. Then the order matters, because the kernel matches
   * answers by the number that an event had in the dead keeper: (1) nobody reads the group: the new
   * keeper does not before it is given it; (2) it is given the group and the dead one's table of
   * waiting reads, keeps their numbers from the kernel, and answers EIO to all others, because what
   * is not in the table was lost (a mount mostly asks again); (3) it reads, and learns the files;
   * (4) it delivers what waits, also what the dead one had delivered.
   *
   * @throws ErrnoException if no keeper runs yet; may be called again then, as after any failure
   */
  public Recovery reconnect() throws InterruptedException {
    long from = System.nanoTime();
    lock.lock();
    try {
      if (!link.isOver()) {
        throw new IllegalStateException("cannot reconnect: the connection has not ended");
      }
      KeeperLink next = connect();
      try {
        var opened = next.open(List.of(group.descriptor(), group.table()));
        opened.group().close();
        Map<String, Integer> has = next.list();
        for (LazyFile file : files.values()) {
          Integer handle = has.get(file.id());
          if (handle == null) {
            next.add(file);
          } else {
            next.know(handle, file);
          }
        }
        next.serve();
        link.close();
        link = next;
        return new Recovery(
            opened.origin(),
            opened.continued(),
            opened.failed(),
            Duration.ofNanos(System.nanoTime() - from));
      } catch (RuntimeException e) {
        next.close();
        throw e;
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * Ends the files that the keeper had when this connected and nobody has added: theirs is gone.
   * Their late readers get EIO.
   *
   * @return their ids
   */
  public Set<String> discardUnknown() throws InterruptedException {
    lock.lock();
    try {
      Set<String> unknown = expected();
      for (String id : unknown) {
        link.discard(id);
      }
      var left = new java.util.HashSet<>(known);
      left.removeAll(unknown);
      known = Set.copyOf(left);
      return unknown;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Ends all files of an instance's keeper while no platform runs and nothing mounts them any more:
   * before that the keeper does not shut down.
   *
   * @throws ErrnoException ENOENT or ECONNREFUSED if no keeper runs
   */
  public static void discardAll(Poller poller, Path runDirectory) throws InterruptedException {
    try (var link = new KeeperLink(poller, runDirectory, (from, read) -> {}, () -> {})) {
      for (String id : link.list().keySet()) {
        link.discard(id);
      }
    }
  }

  private void fill(KeeperLink from, Read read) {
    fills.execute(
        () -> {
          int errno = Errno.EIO;
          try {
            errno =
                switch (filler.fill(read.file(), read.offset(), read.count())) {
                  case Filler.Filled() -> 0;
                  case Filler.Failed(int why) -> why;
                };
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          } finally {
            from.finished(read, errno);
          }
        });
  }

  /**
   * Stops filling: fills under way are interrupted and nobody is answered any more. The files stay
   * open until {@link #close}. Idempotent.
   */
  public void stop() {
    closed = true;
    link.close();
    fills.shutdownNow();
    fills.close();
  }

  /**
   * Stops, and lets the files go. Readers wait for the next platform, as long as the keeper or a
   * monitor holds the group.
   */
  @Override
  public void close() {
    stop();
    group.close();
    files.values().forEach(file -> file.blob().close());
  }
}
