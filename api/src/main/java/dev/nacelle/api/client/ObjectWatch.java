package dev.nacelle.api.client;

import dev.nacelle.api.object.KubeObject;
import java.time.Duration;
import java.util.Optional;

/** A running watch. For one thread, but {@link #close} may come from any. */
public interface ObjectWatch extends AutoCloseable {

  /** What happened. */
  enum EventType {
    ADDED,
    MODIFIED,
    DELETED,
    BOOKMARK
  }

  /** One event; a bookmark's object has a resourceVersion only. */
  record Event(EventType type, KubeObject object) {}

  /**
   * Waits for the next event.
   *
   * @return empty when none came in time
   * @throws dev.nacelle.api.status.ApiException with code 410 if history is compacted: list again;
   *     with 503 if the server went away or ended the watch: watch again from the last seen
   *     revision
   */
  Optional<Event> next(Duration timeout) throws InterruptedException;

  @Override
  void close();
}
