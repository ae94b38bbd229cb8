package dev.nacelle.base.http;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** The connections to one origin. Safe for any thread. */
final class ConnectionPool implements AutoCloseable {
  /** Servers close quiet connections sooner or later; this is sooner than the usual ones do. */
  private static final Duration REST = Duration.ofSeconds(20);

  /** A request that cannot be repeated takes a connection that was alive just now. */
  private static final Duration FRESH = Duration.ofSeconds(1);

  /** What becomes of a connection that has served a request. */
  enum Reuse {
    KEEP,
    NEVER
  }

  private final int connections;
  private final Reuse reuse;
  private final Semaphore permits;
  private volatile boolean retired;

  /** Guarded by itself; the most recently used first. */
  private final ArrayDeque<ClientConnection> resting = new ArrayDeque<>();

  ConnectionPool(int connections, Reuse reuse) {
    this.connections = connections;
    this.reuse = reuse;
    this.permits = new Semaphore(connections);
  }

  /** Waits for the right to use one connection; false if this pool is not the one any more. */
  boolean acquire(Duration atMost, Origin origin) throws IOException, InterruptedException {
    if (!permits.tryAcquire(atMost.toNanos(), TimeUnit.NANOSECONDS)) {
      throw new IOException("cannot reach " + origin + ": all connections to it are in use");
    }
    if (retired) {
      permits.release();
      return false;
    }
    return true;
  }

  /** Ends a pool that nobody uses; false if somebody does. */
  boolean retire() {
    if (!permits.tryAcquire(connections)) {
      return false;
    }
    retired = true;
    close();
    permits.release(connections);
    return true;
  }

  void release() {
    permits.release();
  }

  /** A connection that rests, for the holder of a permit. */
  Optional<ClientConnection> take(boolean repeatable) {
    synchronized (resting) {
      while (!resting.isEmpty() && resting.peekLast().restedFor(REST)) {
        resting.pollLast().close();
      }
      ClientConnection first = resting.peekFirst();
      if (first == null || (!repeatable && first.restedFor(FRESH))) {
        return Optional.empty();
      }
      return Optional.of(resting.removeFirst());
    }
  }

  /** Gives a connection back that can be used again. */
  void rest(ClientConnection connection) {
    if (reuse == Reuse.NEVER) {
      connection.close();
      return;
    }
    connection.rest();
    synchronized (resting) {
      resting.addFirst(connection);
    }
  }

  @Override
  public void close() {
    synchronized (resting) {
      resting.forEach(ClientConnection::close);
      resting.clear();
    }
  }
}
