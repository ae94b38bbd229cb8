package dev.nacelle.bench.teleport;

import dev.nacelle.bench.image.DebianImage;
import dev.nacelle.bench.report.Samples;
import dev.nacelle.bench.report.Table;

/** A way to start from one place, with what it took. */
record Way(String name, String away, Samples millis, Samples bytes) {
  Way(String name, String away) {
    this(name, away, new Samples(), new Samples());
  }

  static Table table(String title) {
    return new Table(
        title, "ms away", "p50 ms", "min", "max", "n", "MB fetched", "of all", "of gzip");
  }

  void add(double took, long fetched) {
    millis.add(took);
    bytes.add(fetched);
  }

  void print(Table table, DebianImage image) {
    double fetched = bytes.median();
    table.row(
        name,
        away,
        Table.number(millis.median()),
        Table.number(millis.min()),
        Table.number(millis.max()),
        String.valueOf(millis.count()),
        Table.number(fetched / 1e6),
        share(fetched, image.bytes()),
        share(fetched, image.gzipBytes()));
  }

  private static String share(double fetched, long of) {
    return Table.number(100 * fetched / of) + " %";
  }
}
