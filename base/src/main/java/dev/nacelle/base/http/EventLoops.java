package dev.nacelle.base.http;

/**
 * The input/output threads of servers, shared by as many servers as wanted. Closed by its owner
 * after the servers.
 */
public final class EventLoops implements AutoCloseable {
  private EventLoops() {}

  /** Starts {@code threads} threads (1 or 2 suffice), on epoll where present. */
  public static EventLoops start(int threads) {
    throw new UnsupportedOperationException("seam");
  }

  /** Ends the threads; connections still open are cut. Idempotent. */
  @Override
  public void close() {}
}
