package dev.nacelle.bench.report;

import java.util.Arrays;

/** Measured values of one thing; for one thread. */
public final class Samples {
  private double[] values = new double[128];
  private int count;

  public void add(double value) {
    if (count == values.length) {
      values = Arrays.copyOf(values, count * 2);
    }
    values[count++] = value;
  }

  public void addAll(Samples others) {
    for (int i = 0; i < others.count; i++) {
      add(others.values[i]);
    }
  }

  public int count() {
    return count;
  }

  public boolean isEmpty() {
    return count == 0;
  }

  /** The nearest-rank quantile; not a number when there are no samples. */
  public double quantile(double quantile) {
    if (count == 0) {
      return Double.NaN;
    }
    Arrays.sort(values, 0, count);
    int rank = (int) Math.ceil(quantile * count);
    return values[Math.clamp(rank - 1, 0, count - 1)];
  }

  public double median() {
    return quantile(0.5);
  }

  public double min() {
    return quantile(0);
  }

  public double max() {
    return quantile(1);
  }
}
