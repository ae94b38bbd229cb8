package dev.nacelle.base.http;

import java.time.Duration;

/** A duplex stream that can be left to close by itself. */
interface RawStream extends DuplexStream {
  Duration LINGER = Duration.ofSeconds(2);

  /** Closes after a while, whatever happens; does not block. */
  void closeSoon();
}
