package dev.nacelle.runtime;

import dev.nacelle.base.bytes.Bytes;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;

/** Reads a stream to its end on a thread of its own and keeps the first bytes. */
final class BoundedCapture {
  private final ByteArrayOutputStream kept = new ByteArrayOutputStream();
  private final Thread thread;

  BoundedCapture(InputStream in, int maxBytes) {
    thread = Thread.ofVirtual().name("capture").start(() -> read(in, maxBytes));
  }

  private void read(InputStream in, int maxBytes) {
    byte[] buffer = new byte[8192];
    try {
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        synchronized (kept) {
          kept.write(buffer, 0, Math.min(n, maxBytes - kept.size()));
        }
      }
    } catch (IOException e) {
      // the session was closed: what came until then is the output
      return;
    }
  }

  /** Waits for the end at most that long, and returns what there is. */
  Bytes await(Duration timeout) throws InterruptedException {
    thread.join(timeout);
    synchronized (kept) {
      return Bytes.wrap(kept.toByteArray());
    }
  }
}
