package dev.nacelle.store;

import java.time.Duration;
import java.util.List;

/**
 * A lease as it is now.
 *
 * @param keys the attached keys, in order
 */
public record LeaseStatus(long id, Duration timeToLive, Duration remaining, List<String> keys) {
  public LeaseStatus {
    keys = List.copyOf(keys);
  }
}
