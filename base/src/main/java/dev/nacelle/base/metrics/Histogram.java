package dev.nacelle.base.metrics;

import io.prometheus.metrics.core.datapoints.DistributionDataPoint;
import java.time.Duration;

/** A distribution, one per combination of label values. Safe for any thread. */
public final class Histogram {
  private final io.prometheus.metrics.core.metrics.Histogram histogram;

  Histogram(io.prometheus.metrics.core.metrics.Histogram histogram) {
    this.histogram = histogram;
  }

  /** One combination of label values; worth keeping on a hot path. */
  public static final class Cell {
    private final DistributionDataPoint point;

    private Cell(DistributionDataPoint point) {
      this.point = point;
    }

    public void observe(double value) {
      point.observe(value);
    }

    /** In seconds. */
    public void observe(Duration duration) {
      point.observe(duration.toNanos() / 1e9);
    }
  }

  /** The values in the order of the label names; few combinations, for each is kept for ever. */
  public Cell cell(String... labelValues) {
    return new Cell(histogram.labelValues(labelValues));
  }

  /** In seconds. */
  public void observe(Duration duration, String... labelValues) {
    histogram.labelValues(labelValues).observe(duration.toNanos() / 1e9);
  }
}
