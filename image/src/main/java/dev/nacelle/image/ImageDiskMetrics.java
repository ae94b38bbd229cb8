package dev.nacelle.image;

import dev.nacelle.base.metrics.Counter;
import dev.nacelle.base.metrics.Metrics;
import java.util.Locale;
import java.util.function.LongSupplier;

/** What is counted of the disk of images. Safe for any thread. */
public final class ImageDiskMetrics {
  private final Metrics metrics;
  private final Counter removed;
  private final Counter freedBytes;
  private final Counter.Cell refused;
  private final Counter.Cell overQuotaBytes;

  /** Why images were removed. */
  enum Cause {
    /** Room lacked: the quota, or a full disk. */
    ROOM,
    /** The disk was fuller than the high threshold. */
    THRESHOLD,
    /** Somebody asked for it. */
    ASKED
  }

  /**
   * @throws IllegalArgumentException if these metrics count another disk already
   */
  public ImageDiskMetrics(Metrics metrics) {
    this.metrics = metrics;
    removed = metrics.counter("nacelle_images_removed_total", "Images that were removed.", "cause");
    freedBytes =
        metrics.counter(
            "nacelle_images_freed_bytes_total", "Bytes that removed images freed.", "cause");
    refused =
        metrics
            .counter(
                "nacelle_image_pulls_refused_total",
                "Pulls and imports that were refused because there was no room.")
            .cell();
    overQuotaBytes =
        metrics
            .counter(
                "nacelle_image_over_quota_bytes_total",
                "Bytes that readers brought into their images beyond the quota.")
            .cell();
  }

  /** Shows how much is in use now. */
  void show(ImageDiskSettings settings, LongSupplier usedBytes) {
    metrics.gauge(
        "nacelle_image_disk_used_bytes",
        "Bytes that images take on their disk.",
        usedBytes::getAsLong);
    if (settings.hasQuota()) {
      metrics.gauge(
          "nacelle_image_disk_quota_bytes",
          "Bytes that images may take on their disk.",
          settings::quotaBytes);
    }
  }

  void freed(Cause cause, Freed freed) {
    String label = cause.name().toLowerCase(Locale.ROOT);
    removed.cell(label).add((long) freed.imageIds().size());
    freedBytes.cell(label).add(freed.bytes());
  }

  void refused() {
    refused.increment();
  }

  void overQuota(long bytes) {
    overQuotaBytes.add(bytes);
  }
}
