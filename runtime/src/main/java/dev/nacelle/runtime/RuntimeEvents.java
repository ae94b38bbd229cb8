package dev.nacelle.runtime;

import java.time.Duration;
import java.util.Optional;

/** A watch of {@link RuntimeEvent}s, in order; for one reading thread. */
public interface RuntimeEvents extends AutoCloseable {
  /** Waits for the next event; empty when the timeout has passed or the watch is closed. */
  Optional<RuntimeEvent> next(Duration timeout) throws InterruptedException;

  @Override
  void close();
}
