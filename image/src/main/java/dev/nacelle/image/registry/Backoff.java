package dev.nacelle.image.registry;

import java.time.Duration;
import java.util.Optional;
import java.util.random.RandomGenerator;

/** How long to wait before the next attempt: doubling from 200 ms, spread by chance, bounded. */
record Backoff(int attempts, Duration first, Duration longest, RandomGenerator random) {

  /**
   * @param attempt 0 for the wait after the first failure
   * @param retryAfter what the server asked for, in seconds
   */
  Duration delay(int attempt, Optional<String> retryAfter) {
    long asked = retryAfter.filter(r -> r.matches("[0-9]{1,4}")).map(Long::parseLong).orElse(0L);
    long doubled = first.toMillis() << Math.min(attempt, 16);
    long spread = (long) (doubled * (0.5 + random.nextDouble()));
    return Duration.ofMillis(Math.min(longest.toMillis(), Math.max(spread, asked * 1000)));
  }
}
