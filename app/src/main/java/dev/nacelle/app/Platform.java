package dev.nacelle.app;

import dev.nacelle.base.json.JsonObject;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running platform: what was started, in order, and the wish to end. Closing it ends the parts in
 * the opposite order and leaves every container running.
 */
final class Platform implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Platform.class);

  /** Ends one part. */
  interface Ending {
    void end() throws Exception;
  }

  private record Part(String name, Ending ending) {}

  private final Deque<Part> parts = new ArrayDeque<>();
  private final CountDownLatch asked = new CountDownLatch(1);
  private final AtomicBoolean closed = new AtomicBoolean();
  private volatile boolean releasing;
  private volatile JsonObject facts = JsonObject.EMPTY;

  /** Notes a part that was started. */
  synchronized void add(String name, Ending ending) {
    parts.push(new Part(name, ending));
  }

  /** What {@code status} shows, besides what changes. */
  JsonObject facts() {
    return facts;
  }

  void facts(JsonObject known) {
    facts = known;
  }

  /** Asks the platform to end; with {@code release} the pods will be ended by whoever asked. */
  void shutDown(Ask ask) {
    releasing = ask == Ask.RELEASE;
    asked.countDown();
  }

  /** What becomes of the pods. */
  enum Ask {
    LEAVE_PODS,
    RELEASE
  }

  boolean isReleasing() {
    return releasing;
  }

  void awaitShutdown() throws InterruptedException {
    asked.await();
  }

  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    while (true) {
      Part part;
      synchronized (this) {
        part = parts.poll();
      }
      if (part == null) {
        return;
      }
      try {
        part.ending().end();
      } catch (Exception e) {
        LOG.warn("{} did not end well: {}", part.name(), e.toString());
      }
    }
  }
}
