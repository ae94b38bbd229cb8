package dev.nacelle.bench.teleport;

import dev.nacelle.bench.platform.Session;
import dev.nacelle.bench.report.Table;
import dev.nacelle.bench.report.Target;
import dev.nacelle.cli.VerbException;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;

/** The same files in twenty layers. */
final class LayersRow {
  private final Session session;
  private final Scene scene;
  private final Scene.Parts parts;

  LayersRow(Session session, Scene scene, Scene.Parts parts) {
    this.session = session;
    this.scene = scene;
    this.parts = parts;
  }

  private record Ways(FarRegistry.Place place, Way cold, Way warm) {}

  void run(int rounds) throws IOException, InterruptedException, VerbException {
    var starts = new ColdStarts(parts);
    var all = new ArrayList<Ways>();
    for (FarRegistry.Place place : parts.registry().places()) {
      all.add(
          new Ways(
              place,
              new Way("first output, cold, traced", place.millis()),
              new Way("first output, warm", place.millis())));
    }
    for (int round = 0; round < rounds; round++) {
      for (Ways ways : all) {
        String image = ways.place().image(Scene.MANY);
        starts.cold(
            ways.place(), ways.cold(), () -> starts.firstOutput(Workload.FIRST_OUTPUT, image));
        parts.images().pullWhole(image);
        starts.warm(ways.warm(), () -> starts.firstOutput(Workload.FIRST_OUTPUT, image));
      }
    }
    print(all);
  }

  private void print(List<Ways> all) throws IOException, InterruptedException {
    PrintStream out = session.out();
    session.heading("teleport: the same files in " + scene.manyLayers().layers() + " layers");
    Table table = Way.table("");
    for (Ways ways : all) {
      ways.cold().print(table, scene.manyLayers());
      ways.warm().print(table, scene.manyLayers());
    }
    table.print(out);
    for (Ways ways : all) {
      int most = ways.place().away().toMillis() > 5 ? 100 : 50;
      Target.below("cold over warm, " + ways.place().millis() + " ms away", "ms", most, most)
          .print(ways.cold().millis().median() - ways.warm().millis().median(), out);
    }
  }
}
