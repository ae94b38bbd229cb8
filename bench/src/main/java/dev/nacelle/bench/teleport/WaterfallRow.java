package dev.nacelle.bench.teleport;

import dev.nacelle.bench.platform.Session;
import dev.nacelle.cli.VerbException;
import dev.nacelle.cli.Waterfall;
import java.io.IOException;

/** Where the time of one cold start goes, near and far. */
final class WaterfallRow {
  private final Session session;
  private final Scene.Parts parts;

  WaterfallRow(Session session, Scene.Parts parts) {
    this.session = session;
    this.parts = parts;
  }

  void run() throws IOException, InterruptedException, VerbException {
    for (FarRegistry.Place place : parts.registry().places()) {
      session.heading(
          "teleport: one cold start with a trace, its registry " + place.millis() + " ms away");
      parts.images().forget();
      place.proxy().hangUp();
      parts.starts().firstOutput(Workload.FIRST_OUTPUT, place.image(Scene.TRACED), this::print);
      parts.images().coldStartEnded();
    }
  }

  private void print(String uid) throws IOException, InterruptedException {
    try {
      Waterfall.print(parts.images().waterfall(uid), session.out());
    } catch (VerbException e) {
      throw new IOException(e.getMessage(), e);
    }
  }
}
