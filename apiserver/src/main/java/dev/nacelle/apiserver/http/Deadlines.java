package dev.nacelle.apiserver.http;

import dev.nacelle.api.status.ApiException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Interrupts requests that take longer than they may. One look a second at all of them costs less
 * than a timer for each. Safe for any thread.
 */
final class Deadlines implements AutoCloseable {
  /** As kube-apiserver's {@code --request-timeout}. */
  static final Duration LONGEST = Duration.ofSeconds(60);

  private static final long LOOK_MILLIS = 250;

  /** Handlers under way, each with a thread of its own that ends with it. */
  private final Map<Thread, Deadline> underWay = new ConcurrentHashMap<>();

  private final Thread sweeper;

  Deadlines() {
    sweeper = Thread.ofVirtual().name("request deadlines").start(this::sweep);
  }

  /** The time that one request has; closing it says that the request is done. */
  final class Deadline implements AutoCloseable {
    private final long endNanos;
    private volatile boolean passed;

    private Deadline(long endNanos) {
      this.endNanos = endNanos;
    }

    /** Whether the handler was interrupted for this. */
    boolean isPassed() {
      return passed;
    }

    @Override
    public void close() {
      underWay.remove(Thread.currentThread());
    }
  }

  /**
   * Begins the time of the present thread's request.
   *
   * @param asked the text of the query's {@code timeout}, a duration as Go writes it
   * @throws ApiException with code 400 if it is none
   */
  Deadline begin(Optional<String> asked) {
    Duration time = asked.isEmpty() ? LONGEST : duration(asked.get());
    boolean isDefault = time.isZero() || time.compareTo(LONGEST) > 0;
    var deadline = new Deadline(System.nanoTime() + (isDefault ? LONGEST : time).toNanos());
    underWay.put(Thread.currentThread(), deadline);
    return deadline;
  }

  private static Duration duration(String text) {
    try {
      return GoDuration.parse(text);
    } catch (IllegalArgumentException e) {
      throw ApiException.badRequest("invalid timeout specified in the request URL");
    }
  }

  private void sweep() {
    try {
      while (true) {
        Thread.sleep(LOOK_MILLIS);
        long now = System.nanoTime();
        underWay.forEach(
            (thread, deadline) -> {
              if (now - deadline.endNanos > 0 && !deadline.passed) {
                deadline.passed = true;
                thread.interrupt();
              }
            });
      }
    } catch (InterruptedException e) {
      // closed
    }
  }

  @Override
  public void close() {
    sweeper.interrupt();
  }
}
