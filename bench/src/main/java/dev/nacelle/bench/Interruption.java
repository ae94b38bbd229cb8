package dev.nacelle.bench;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Lets a signal interrupt the measuring thread, and the program wait until that has put away what
 * it started.
 */
final class Interruption {
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  private final CountDownLatch over = new CountDownLatch(1);

  private Interruption() {}

  static Interruption ofThisThread() {
    var interruption = new Interruption();
    Thread measuring = Thread.currentThread();
    Runtime.getRuntime()
        .addShutdownHook(
            Thread.ofPlatform().unstarted(() -> interruption.interruptAndWait(measuring)));
    return interruption;
  }

  private void interruptAndWait(Thread measuring) {
    if (over.getCount() == 0) {
      return;
    }
    measuring.interrupt();
    try {
      if (!over.await(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
        System.err.println("bench: something is left behind: see the directories nacelle-bench-*");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The measuring thread has nothing left to put away. */
  void over() {
    over.countDown();
  }
}
