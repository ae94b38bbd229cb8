package dev.nacelle.bench.hosts;

import dev.nacelle.bench.image.DebianImage;
import dev.nacelle.bench.platform.Session;
import dev.nacelle.bench.report.Table;
import dev.nacelle.cli.VerbException;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;

/**
 * Two and four hosts read all of an image that none of them has, one after the other and at once,
 * with and without peers, the registry near and far; and at once while one of them is killed.
 */
public final class PeerReads {
  /** What can be chosen. */
  public static final List<String> ROWS = List.of("turn", "two", "four", "killed");

  private static final int TWO = 2;

  private PeerReads() {}

  /**
   * @param rows of {@link #ROWS}
   */
  public static void run(Session session, List<String> rows)
      throws IOException, InterruptedException, VerbException {
    DebianImage image = DebianImage.in(session, DebianImage.SMALL);
    try (HostCluster cluster = HostCluster.in(session)) {
      String expected = WholeRead.expected(image, cluster.work());
      cluster.start(session, image);
      session.heading(
          "peers: %d hosts as network namespaces, an image of %,d files, %d MB, %d MB as gzip"
              .formatted(
                  HostCluster.HOSTS,
                  image.files(),
                  image.bytes() / 1_000_000,
                  image.gzipBytes() / 1_000_000));
      PrintStream out = session.out();
      out.println("each reads every file; the digest of all is compared with the original's");
      var with = new ArrayList<Reading>();
      var without = new ArrayList<Reading>();
      try (Readers readers = Readers.of(cluster, expected, out)) {
        readAll("peers", rows, cluster, readers, with);
        if (rows.contains("killed")) {
          HostCluster.Place far = cluster.places().getLast();
          with.add(
              readers.lastOneKilled(
                  "peers, at once, the last one killed in the middle",
                  far,
                  cluster.hosts(),
                  image.bytes()));
        }
      }
      if (!rows.equals(List.of("killed"))) {
        cluster.restart(HostCluster.Peers.NONE);
        try (Readers readers = Readers.of(cluster, expected, out)) {
          readAll("no peers", rows, cluster, readers, without);
        }
      }
      print(with, without, out);
    }
  }

  private static void readAll(
      String who, List<String> rows, HostCluster cluster, Readers readers, List<Reading> readings)
      throws IOException, InterruptedException, VerbException {
    List<BenchHost> all = cluster.hosts();
    for (HostCluster.Place place : cluster.places()) {
      if (rows.contains("turn")) {
        readings.add(readers.inTurn(who + ", one after the other", place, all));
      }
      if (rows.contains("two")) {
        readings.add(readers.atOnce(who + ", at once", place, all.subList(0, TWO)));
      }
      if (rows.contains("four")) {
        readings.add(readers.atOnce(who + ", at once", place, all));
      }
    }
  }

  private static void print(List<Reading> with, List<Reading> without, PrintStream out) {
    Table table = Reading.table();
    with.forEach(r -> r.print(table));
    without.forEach(r -> r.print(table));
    table.print(out);
    out.println();
    for (int i = 0; i < without.size(); i++) {
      Reading alone = without.get(i);
      out.printf(
          "%s, %d hosts, %s ms away: peers / no peers: seconds %.2f, bytes of the registry %.2f%n",
          alone.way().replace("no peers, ", ""),
          alone.hosts().size(),
          alone.away(),
          time(with.get(i)) / time(alone),
          (double) with.get(i).registryBytes() / alone.registryBytes());
    }
  }

  /** Until the last host is done. */
  private static double time(Reading reading) {
    return reading.way().endsWith("at once")
        ? reading.slowestSeconds()
        : reading.hosts().stream().mapToDouble(Reading.OfHost::seconds).sum();
  }
}
