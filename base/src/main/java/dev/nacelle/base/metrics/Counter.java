package dev.nacelle.base.metrics;

import io.prometheus.metrics.core.datapoints.CounterDataPoint;

/** A count that only grows, one per combination of label values. Safe for any thread. */
public final class Counter {
  private final io.prometheus.metrics.core.metrics.Counter counter;

  Counter(io.prometheus.metrics.core.metrics.Counter counter) {
    this.counter = counter;
  }

  /** One combination of label values; worth keeping on a hot path. */
  public static final class Cell {
    private final CounterDataPoint point;

    private Cell(CounterDataPoint point) {
      this.point = point;
    }

    public void increment() {
      point.inc();
    }

    public void add(long amount) {
      point.inc(amount);
    }

    public void add(double amount) {
      point.inc(amount);
    }
  }

  /** The values in the order of the label names; few combinations, for each is kept for ever. */
  public Cell cell(String... labelValues) {
    return new Cell(counter.labelValues(labelValues));
  }

  public void increment(String... labelValues) {
    counter.labelValues(labelValues).inc();
  }
}
