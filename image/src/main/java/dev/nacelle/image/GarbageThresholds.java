package dev.nacelle.image;

import java.time.Duration;

/**
 * When to collect, as the kubelet's {@code imageGCHighThresholdPercent} and its kin.
 *
 * @param highPercent disk use at which to begin
 * @param lowPercent disk use to come down to
 * @param minimumAge images used or pulled within this time are spared
 */
public record GarbageThresholds(int highPercent, int lowPercent, Duration minimumAge) {
  public static final GarbageThresholds DEFAULT =
      new GarbageThresholds(85, 80, Duration.ofMinutes(2));

  public GarbageThresholds {
    if (lowPercent < 0 || highPercent > 100 || lowPercent >= highPercent) {
      throw new IllegalArgumentException(
          "image garbage thresholds must satisfy 0 <= low < high <= 100, got low "
              + lowPercent
              + " and high "
              + highPercent);
    }
  }

  /** Whether the disk is fuller than the high threshold. */
  public boolean isReached(ImageUsage usage) {
    return GarbagePlan.excessBytes(usage.diskCapacityBytes(), usage.diskAvailableBytes(), this) > 0;
  }
}
