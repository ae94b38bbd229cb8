package dev.nacelle.bench.report;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Aligned columns: the first to the left, the others to the right. For one thread. */
public final class Table {
  private final List<List<String>> rows = new ArrayList<>();

  public Table(String... headings) {
    rows.add(List.of(headings));
  }

  public void row(String... cells) {
    rows.add(List.of(cells));
  }

  /** A row of the usual quantiles: p50, p90, p99, min, max, samples. */
  public void quantiles(String title, Samples samples) {
    row(
        title,
        number(samples.median()),
        number(samples.quantile(0.9)),
        number(samples.quantile(0.99)),
        number(samples.min()),
        number(samples.max()),
        String.valueOf(samples.count()));
  }

  /** The headings that belong to {@link #quantiles}. */
  public static Table ofQuantiles(String title) {
    return new Table(title, "p50", "p90", "p99", "min", "max", "n");
  }

  /** A number with as many digits as it deserves. */
  public static String number(double value) {
    if (Double.isNaN(value)) {
      return "-";
    }
    String format = Math.abs(value) >= 1_000 ? "%,.0f" : Math.abs(value) >= 10 ? "%.1f" : "%.2f";
    return String.format(Locale.ROOT, format, value);
  }

  public void print(PrintStream out) {
    int columns = rows.stream().mapToInt(List::size).max().orElse(0);
    int[] widths = new int[columns];
    for (List<String> row : rows) {
      for (int i = 0; i < row.size(); i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < row.size(); i++) {
        String pad = " ".repeat(widths[i] - row.get(i).length());
        line.append(i == 0 ? row.get(i) + pad : "  " + pad + row.get(i));
      }
      out.println(line.toString().stripTrailing());
    }
  }
}
