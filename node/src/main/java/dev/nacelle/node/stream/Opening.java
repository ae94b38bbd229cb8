package dev.nacelle.node.stream;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Holds back what a process says first until its client can have made its streams. The WebSocket
 * client of client-go begins to read before it has them, and drops what comes for a stream it does
 * not know yet ("Unknown stream id 1, discarding message"): a command that ends within milliseconds
 * would lose its output. One that has sent anything has them all. Safe for any thread.
 */
final class Opening {
  /** Some times what that client needs on a host that is busy. */
  static final Duration USUAL = Duration.ofMillis(50);

  private final CountDownLatch spoken = new CountDownLatch(1);
  private final long endNanos;

  /** Begins now and lasts no longer than {@code atMost}. */
  Opening(Duration atMost) {
    endNanos = System.nanoTime() + atMost.toNanos();
  }

  /** The client has sent something. */
  void spoken() {
    spoken.countDown();
  }

  /** Returns when the client can have its streams. */
  void await() throws InterruptedIOException {
    try {
      if (spoken.await(endNanos - System.nanoTime(), TimeUnit.NANOSECONDS)) {
        return;
      }
      spoken.countDown();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted before the first output");
    }
  }

  /** What is written waits for {@link #await}. */
  OutputStream after(OutputStream out) {
    return new OutputStream() {
      @Override
      public void write(int b) throws IOException {
        await();
        out.write(b);
      }

      @Override
      public void write(byte[] source, int offset, int length) throws IOException {
        await();
        out.write(source, offset, length);
      }

      @Override
      public void flush() throws IOException {
        out.flush();
      }

      @Override
      public void close() throws IOException {
        out.close();
      }
    };
  }
}
