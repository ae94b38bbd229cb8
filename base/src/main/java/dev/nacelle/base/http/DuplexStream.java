package dev.nacelle.base.http;

import java.io.InputStream;
import java.io.OutputStream;

/** Raw bytes both ways after an upgrade. One reader and one writer, each on any thread. */
public interface DuplexStream extends AutoCloseable {
  /** Blocks for bytes; ends when the peer ended its side or the connection. */
  InputStream input();

  /** Blocks while the peer is slow; {@code flush} sends what was written. */
  OutputStream output();

  /** Ends the connection; wakes a blocked reader or writer. Idempotent. */
  @Override
  void close();
}
