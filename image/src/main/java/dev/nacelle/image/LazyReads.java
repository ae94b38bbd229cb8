package dev.nacelle.image;

import dev.nacelle.kernel.ErrnoException;
import dev.nacelle.kernel.lazy.Filler;
import dev.nacelle.kernel.lazy.LazyFile;
import dev.nacelle.kernel.lazy.PreContent;
import dev.nacelle.kernel.lazy.PresenceMap;
import dev.nacelle.kernel.lazy.Recovery;
import dev.nacelle.kernel.process.CompanionException;
import dev.nacelle.kernel.process.Poller;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The files of this host that readers wait for, whichever keeper runs: after the end of one it goes
 * on with the next, for as long as it takes. Safe for any thread.
 */
final class LazyReads implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LazyReads.class);
  private static final long FIRST_PAUSE_MILLIS = 2;
  private static final long LONGEST_PAUSE_MILLIS = 500;

  private final Poller poller;
  private final PreContent content;
  private volatile boolean closed;

  private LazyReads(Poller poller, PreContent content) {
    this.poller = poller;
    this.content = content;
  }

  /** Connects to the keeper; nothing is filled before {@link #serve}. */
  static LazyReads open(Path runDirectory, Filler filler) throws InterruptedException {
    Poller poller = Poller.open();
    var later = new Reconnection();
    try {
      var reads =
          new LazyReads(poller, PreContent.open(poller, runDirectory, filler, later::begin));
      later.of(reads);
      return reads;
    } catch (RuntimeException | InterruptedException e) {
      poller.close();
      throw e;
    }
  }

  /** The keeper may end before there is anybody to go on. */
  private static final class Reconnection {
    private boolean wanted;
    private Optional<LazyReads> reads = Optional.empty();

    synchronized void begin() {
      wanted = true;
      start();
    }

    synchronized void of(LazyReads opened) {
      reads = Optional.of(opened);
      start();
    }

    private void start() {
      if (wanted && reads.isPresent()) {
        wanted = false;
        Thread.ofVirtual().name("lazy-reads").start(reads.get()::reconnect);
      }
    }
  }

  private void reconnect() {
    long pause = FIRST_PAUSE_MILLIS;
    while (!closed) {
      try {
        Recovery recovery = content.reconnect();
        LOG.info(
            "the keeper's connection for lazy reads ended; served again after {} ms: {} reads"
                + " continued, {} failed",
            recovery.took().toMillis(),
            recovery.continued(),
            recovery.failed());
        return;
      } catch (CompanionException | ErrnoException e) {
        LOG.debug("no keeper for lazy reads yet", e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
      try {
        TimeUnit.MILLISECONDS.sleep(pause);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
      pause = Math.min(LONGEST_PAUSE_MILLIS, pause * 2);
    }
  }

  /** From now on readers of the file wait for what is missing; before it is mounted. */
  LazyFile add(String id, Path blob, PresenceMap map) throws InterruptedException, IOException {
    try {
      return content.add(id, blob, map);
    } catch (CompanionException | ErrnoException e) {
      throw new IOException("cannot fill " + blob + " while it is read: " + e.getMessage(), e);
    }
  }

  /** Ends it; where the keeper cannot be told now, it learns of it with the next connection. */
  void remove(LazyFile file, PreContent.Removal removal) throws InterruptedException {
    content.remove(file, removal);
  }

  /** All files that may be marked have been added: readers are served. */
  void serve() throws InterruptedException {
    for (String lost : content.discardUnknown()) {
      LOG.warn("layer {} was read lazily and is not here any more: its readers get EIO", lost);
    }
    content.serve();
  }

  /** Answers no reader any more; the files stay open until {@link #close}. */
  void stop() {
    closed = true;
    content.stop();
  }

  @Override
  public void close() {
    closed = true;
    content.close();
    poller.close();
  }
}
