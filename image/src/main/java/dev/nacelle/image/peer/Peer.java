package dev.nacelle.image.peer;

import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Another host and how it has behaved. One that cannot be reached is left alone for a time that
 * grows with each failure in a row; one that gave wrong bytes for longer, whatever else it does.
 * Safe for any thread.
 */
final class Peer {
  private static final Logger LOG = LoggerFactory.getLogger(Peer.class);
  private static final Duration FIRST_PENALTY = Duration.ofSeconds(1);
  private static final Duration WRONG_PENALTY = Duration.ofMinutes(1);
  private static final int MOST_DOUBLINGS = 6;

  private final URI url;
  private final PeerRealm realm;
  private final InstantSource clock;
  private volatile String id;

  /** Guarded by this, as all below. */
  private Instant unreachableUntil = Instant.MIN;

  private Instant distrustedUntil = Instant.MIN;
  private int failuresInARow;
  private int wrong;

  Peer(URI url, PeerRealm realm, InstantSource clock) {
    this.url = url;
    this.realm = realm;
    this.clock = clock;
    this.id = url.toString();
  }

  URI url() {
    return url;
  }

  PeerRealm realm() {
    return realm;
  }

  /** The name under which it is placed: what it calls itself, the URL until it has answered. */
  String id() {
    return id;
  }

  void calledItself(String name) {
    id = name;
  }

  /** It is to be asked after all others, if at all. */
  synchronized boolean isAvoided() {
    Instant now = clock.instant();
    return now.isBefore(unreachableUntil) || now.isBefore(distrustedUntil);
  }

  synchronized void answered() {
    failuresInARow = 0;
    unreachableUntil = Instant.MIN;
  }

  synchronized void failed(String why) {
    if (failuresInARow == 0) {
      LOG.info("peer {} is left alone for now: {}", url, why);
    }
    unreachableUntil = clock.instant().plus(grown(FIRST_PENALTY, failuresInARow++));
  }

  synchronized void gaveWrong(String what) {
    if (wrong == 0) {
      LOG.warn("peer {} gave wrong bytes and is asked last from now on: {}", url, what);
    }
    distrustedUntil = clock.instant().plus(grown(WRONG_PENALTY, wrong++));
  }

  private static Duration grown(Duration first, int times) {
    return first.multipliedBy(1L << Math.min(times, MOST_DOUBLINGS));
  }

  @Override
  public String toString() {
    return "peer " + url;
  }
}
