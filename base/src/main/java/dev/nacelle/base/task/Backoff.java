package dev.nacelle.base.task;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * Growing delays between attempts: {@code first * factor^n}, at most {@code longest}, each longer
 * by a random part of up to {@code jitter} (0.1: a tenth).
 */
public record Backoff(Duration first, Duration longest, double factor, double jitter) {
  public Backoff {
    if (!first.isPositive() || longest.compareTo(first) < 0 || factor < 1 || jitter < 0) {
      throw new IllegalArgumentException("a back-off must grow from a positive delay");
    }
  }

  /** The delay after the {@code failures}-th failure in a row, the first being 1. */
  public Duration delayAfter(int failures, RandomGenerator random) {
    double nanos = first.toNanos() * Math.pow(factor, Math.max(0, failures - 1));
    double bounded = Math.min(nanos, longest.toNanos());
    return Duration.ofNanos((long) (bounded * (1 + jitter * random.nextDouble())));
  }
}
