package dev.nacelle.bench.teleport;

import dev.nacelle.bench.platform.Session;
import dev.nacelle.bench.report.Table;
import dev.nacelle.bench.report.Target;
import dev.nacelle.cli.VerbException;
import java.io.IOException;

/** A container that reads every file: as it arrives, beside a whole download before it. */
final class ReadAllRow {
  private final Session session;
  private final Scene scene;
  private final Scene.Parts parts;

  ReadAllRow(Session session, Scene scene, Scene.Parts parts) {
    this.session = session;
    this.scene = scene;
    this.parts = parts;
  }

  void run(int rounds) throws IOException, InterruptedException, VerbException {
    var starts = new ColdStarts(parts);
    session.heading("teleport: a container that reads every file, from the request to its end");
    Table table = Way.table("");
    FarRegistry.Place near = parts.registry().near();
    FarRegistry.Place far = parts.registry().places().getLast();
    for (FarRegistry.Place place : java.util.List.of(near, far)) {
      String image = place.image(Scene.PLAIN);
      var lazy = new Way("as it arrives", place.millis());
      var whole = new Way("after the whole download", place.millis());
      for (int round = 0; round < rounds; round++) {
        starts.cold(place, lazy, () -> starts.firstOutput(Workload.READ_ALL, image));
        starts.cold(place, whole, () -> starts.afterDownload(Workload.READ_ALL, image));
      }
      lazy.print(table, scene.image());
      whole.print(table, scene.image());
      Target.below("reads all / download, " + place.millis() + " ms away", "", 1.1, 1.1)
          .print(lazy.millis().median() / whole.millis().median(), session.out());
    }
    table.print(session.out());
  }
}
