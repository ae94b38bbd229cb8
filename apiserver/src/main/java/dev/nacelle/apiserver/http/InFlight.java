package dev.nacelle.apiserver.http;

import dev.nacelle.api.client.Identity;
import dev.nacelle.api.status.ApiException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Bounds the requests under way: reads and writes apart, the platform's own parts and the owner of
 * the cluster not at all, so that a flood never locks them out.
 */
final class InFlight {
  static final Place FREE = () -> {};
  private static final long WAIT_MILLIS = 1_000;

  private final Semaphore reads;
  private final Semaphore writes;

  InFlight(int mostReads, int mostWrites) {
    this.reads = new Semaphore(mostReads);
    this.writes = new Semaphore(mostWrites);
  }

  /** A place among the requests under way; closing gives it back. */
  interface Place extends AutoCloseable {
    @Override
    void close();
  }

  /**
   * @throws ApiException with 429 if no place becomes free for a second
   */
  Place enter(String method, Identity identity) throws InterruptedException {
    if (identity.isIn(Identity.MASTERS)) {
      return FREE;
    }
    Semaphore places = method.equals("GET") || method.equals("HEAD") ? reads : writes;
    if (!places.tryAcquire(WAIT_MILLIS, TimeUnit.MILLISECONDS)) {
      throw ApiException.tooManyRequests("Too many requests, please try again later.", 1);
    }
    return places::release;
  }
}
