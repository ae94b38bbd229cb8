package dev.nacelle.base.task;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Starts threads named {@code owner/task}. What a task throws is logged under that name; the thread
 * ends.
 */
public record Threads(String owner) {
  private static final Logger LOG = LoggerFactory.getLogger(Threads.class);

  /** Starts a virtual thread: for all work that waits. */
  public Thread startVirtual(String task, Runnable work) {
    return Thread.ofVirtual()
        .name(owner + "/" + task)
        .inheritInheritableThreadLocals(false)
        .uncaughtExceptionHandler(Threads::log)
        .start(work);
  }

  /** Starts a daemon platform thread: for blocking native calls and for loops that compute. */
  public Thread startPlatform(String task, Runnable work) {
    return Thread.ofPlatform()
        .name(owner + "/" + task)
        .daemon()
        .inheritInheritableThreadLocals(false)
        .uncaughtExceptionHandler(Threads::log)
        .start(work);
  }

  static void log(Thread thread, Throwable failure) {
    LOG.error("thread {} failed", thread.getName(), failure);
  }
}
