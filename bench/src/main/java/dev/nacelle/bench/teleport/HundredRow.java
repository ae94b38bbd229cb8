package dev.nacelle.bench.teleport;

import dev.nacelle.bench.platform.Session;
import dev.nacelle.bench.report.Samples;
import dev.nacelle.bench.report.Table;
import dev.nacelle.cli.VerbException;
import java.io.IOException;
import java.io.PrintStream;

/** A hundred pods of an image that is not here, at once: each chunk is to be fetched once. */
final class HundredRow {
  private static final int PODS = 100;

  private final Session session;
  private final Scene.Parts parts;

  HundredRow(Session session, Scene.Parts parts) {
    this.session = session;
    this.parts = parts;
  }

  void run() throws IOException, InterruptedException, VerbException {
    var starts = new ColdStarts(parts);
    FarRegistry.Place near = parts.registry().near();
    String image = near.image(Scene.TRACED);
    var one = new Way("one pod", near.millis());
    starts.cold(near, one, () -> starts.firstOutput(Workload.FIRST_OUTPUT, image));
    var all = new Way("all", near.millis());
    var outputs = new Samples();
    starts.cold(
        near,
        all,
        () -> {
          outputs.addAll(parts.starts().many(PODS, image));
          return outputs.max();
        });
    PrintStream out = session.out();
    session.heading("teleport: " + PODS + " pods of one cold image at once, with a trace");
    Table table = Table.ofQuantiles("ms since the first request");
    table.quantiles("first output", outputs);
    table.print(out);
    out.printf(
        "MB fetched: %.1f by all of them, %.1f by one alone (%.2f times)%n",
        all.bytes().median() / 1e6,
        one.bytes().median() / 1e6,
        all.bytes().median() / one.bytes().median());
  }
}
