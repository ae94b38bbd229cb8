package dev.nacelle.image;

import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes the index some time after an image was put in, so that the container it was pulled for
 * does not wait for the disk. Who kills the process before that must pull again. Safe for any
 * thread; has one of its own.
 */
final class IndexWriting implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(IndexWriting.class);
  private static final long DELAY_MILLIS = 1500;
  private static final int PATIENCE_SECONDS = 10;

  private final Runnable write;
  private final AtomicBoolean wanted = new AtomicBoolean();
  private final ScheduledThreadPoolExecutor thread =
      new ScheduledThreadPoolExecutor(
          1, Thread.ofPlatform().daemon().name("nacelle-index").factory());

  IndexWriting(Runnable write) {
    this.write = write;
    thread.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
  }

  /** Sees to it that the index is written, with whatever else is put in before. */
  void soon() {
    if (wanted.compareAndSet(false, true)) {
      try {
        thread.schedule(this::run, DELAY_MILLIS, TimeUnit.MILLISECONDS);
      } catch (RejectedExecutionException e) {
        LOG.debug("the store is closing, which writes the index", e);
      }
    }
  }

  private void run() {
    wanted.set(false);
    try {
      write.run();
    } catch (ImageException e) {
      LOG.warn("the index of images is written with the next change", e);
    }
  }

  /** Ends what is under way; the owner writes the index after this. */
  @Override
  public void close() {
    thread.shutdown();
    try {
      thread.awaitTermination(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
