package dev.nacelle.base.metrics;

import io.prometheus.metrics.core.datapoints.GaugeDataPoint;

/** A value that goes up and down, one per combination of label values. Safe for any thread. */
public final class Gauge {
  private final io.prometheus.metrics.core.metrics.Gauge gauge;

  Gauge(io.prometheus.metrics.core.metrics.Gauge gauge) {
    this.gauge = gauge;
  }

  /** One combination of label values; worth keeping on a hot path. */
  public static final class Cell {
    private final GaugeDataPoint point;

    private Cell(GaugeDataPoint point) {
      this.point = point;
    }

    public void set(double value) {
      point.set(value);
    }

    public void add(double amount) {
      point.inc(amount);
    }
  }

  /** The values in the order of the label names. */
  public Cell cell(String... labelValues) {
    return new Cell(gauge.labelValues(labelValues));
  }

  public void set(double value, String... labelValues) {
    gauge.labelValues(labelValues).set(value);
  }

  /** Forgets a combination. */
  public void remove(String... labelValues) {
    gauge.remove(labelValues);
  }
}
