package dev.nacelle.image;

import dev.nacelle.base.metrics.Metrics;

/**
 * How much images may take on their disk, and who counts what becomes of it.
 *
 * @param quotaBytes of the disk, holes not counted; {@link #NO_QUOTA} where the disk alone bounds
 *     them
 */
public record ImageDiskSettings(long quotaBytes, ImageDiskMetrics metrics) {
  public static final long NO_QUOTA = Long.MAX_VALUE;

  public ImageDiskSettings {
    if (quotaBytes < 1) {
      throw new IllegalArgumentException("a quota of images must be positive");
    }
  }

  /** No quota, and nobody who reads the counts. */
  public static ImageDiskSettings unbounded() {
    return new ImageDiskSettings(NO_QUOTA, new ImageDiskMetrics(new Metrics()));
  }

  boolean hasQuota() {
    return quotaBytes != NO_QUOTA;
  }
}
