package dev.nacelle.base.http;

import java.io.IOException;

/**
 * Ends the wait for another server's first word when the client leaves: the waiting thread is
 * interrupted within {@link #guard}, and never outside. For one thread, used once.
 */
final class Departure {
  private final Thread waiting = Thread.currentThread();
  private boolean guarding;
  private boolean left;

  /** Something that waits for the network. */
  interface Wait<T> {
    T run() throws IOException, InterruptedException;
  }

  Departure(HttpExchange exchange) {
    exchange.onClose(this::leave);
  }

  private synchronized void leave() {
    left = true;
    if (guarding) {
      waiting.interrupt();
    }
  }

  /**
   * @throws IOException also when the client has left
   */
  <T> T guard(Wait<T> wait) throws IOException, InterruptedException {
    synchronized (this) {
      if (left) {
        throw new IOException("the client has left");
      }
      guarding = true;
    }
    try {
      return wait.run();
    } catch (InterruptedException e) {
      if (isLeft()) {
        throw new IOException("the client has left", e);
      }
      throw e;
    } finally {
      synchronized (this) {
        guarding = false;
      }
    }
  }

  private synchronized boolean isLeft() {
    return left;
  }
}
