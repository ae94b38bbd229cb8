package dev.nacelle.bench.teleport;

import dev.nacelle.bench.platform.Session;
import dev.nacelle.bench.report.Table;
import dev.nacelle.bench.report.Target;
import dev.nacelle.cli.VerbException;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;

/** First output and first reply: cold, warm, after a download, by containerd; near and far. */
final class StartRow {
  private static final int OFTEN = 3;

  /** All ways from one place. */
  private record Ways(
      FarRegistry.Place place,
      Way traced,
      Way untraced,
      Way warm,
      Way whole,
      Way peer,
      Way reply,
      Way warmReply) {
    static Ways of(FarRegistry.Place place) {
      String away = place.millis();
      return new Ways(
          place,
          new Way("first output, cold, traced", away),
          new Way("first output, cold, no trace", away),
          new Way("first output, warm", away),
          new Way("first output, after the whole download", away),
          new Way("first output, containerd: pull, unpack, start", away),
          new Way("first reply of a server, cold, traced", away),
          new Way("first reply of a server, warm", away));
    }

    List<Way> all() {
      return List.of(traced, untraced, warm, whole, peer, reply, warmReply);
    }
  }

  private final Session session;
  private final Scene scene;
  private final Scene.Parts parts;
  private final ColdStarts starts;

  StartRow(Session session, Scene scene, Scene.Parts parts) {
    this.session = session;
    this.scene = scene;
    this.parts = parts;
    this.starts = new ColdStarts(parts);
  }

  void run(int rounds) throws IOException, InterruptedException, VerbException {
    var all = new ArrayList<Ways>();
    try (PeerStarts peer = PeerStarts.start(session.work(), scene.work(), parts.registry())) {
      for (FarRegistry.Place place : parts.registry().places()) {
        Ways notCounted = Ways.of(place); // the first ones compile
        traced(notCounted);
        all.add(Ways.of(place));
      }
      for (int round = 0; round < rounds; round++) {
        for (Ways ways : all) {
          round(ways, peer);
        }
      }
    }
    print(all);
  }

  private void traced(Ways ways) throws IOException, InterruptedException, VerbException {
    String image = ways.place().image(Scene.TRACED);
    starts.cold(
        ways.place(), ways.traced(), () -> starts.firstOutput(Workload.FIRST_OUTPUT, image));
  }

  private void round(Ways ways, PeerStarts peer)
      throws IOException, InterruptedException, VerbException {
    FarRegistry.Place place = ways.place();
    String plain = place.image(Scene.PLAIN);
    for (int i = 0; i < OFTEN; i++) {
      traced(ways);
    }
    starts.cold(place, ways.reply(), () -> parts.starts().firstReply(place.image(Scene.TRACED)));
    starts.cold(place, ways.untraced(), () -> starts.firstOutput(Workload.FIRST_OUTPUT, plain));
    starts.cold(place, ways.whole(), () -> starts.afterDownload(Workload.FIRST_OUTPUT, plain));
    for (int i = 0; i < OFTEN; i++) {
      starts.warm(ways.warm(), () -> starts.firstOutput(Workload.FIRST_OUTPUT, plain));
    }
    starts.warm(ways.warmReply(), () -> parts.starts().firstReply(plain));
    PeerStarts.Cold cold = peer.cold(plain);
    ways.peer().add(cold.millis(), cold.bytes());
  }

  private void print(List<Ways> all) throws IOException, InterruptedException {
    PrintStream out = session.out();
    session.heading("teleport: from the request to create a pod to its first output or reply");
    Table table = Way.table("");
    all.stream().flatMap(w -> w.all().stream()).forEach(w -> w.print(table, scene.image()));
    table.print(out);
    out.println();
    for (Ways ways : all) {
      String away = ", " + ways.place().millis() + " ms away";
      int most = ways.place().away().toMillis() > 5 ? 100 : 50;
      more("cold over warm, output" + away, most, ways.traced(), ways.warm());
      more("cold over warm, reply" + away, most, ways.reply(), ways.warmReply());
      Target.below("fetched of all bytes" + away, "%", 10, 10)
          .print(100 * ways.traced().bytes().median() / scene.image().bytes(), out);
      Target.below("no trace / whole download" + away, "", 1, 1)
          .print(ways.untraced().millis().median() / ways.whole().millis().median(), out);
      out.printf(
          "containerd / cold with a trace%s: %.1f (p50)%n",
          away, ways.peer().millis().median() / ways.traced().millis().median());
    }
  }

  private void more(String what, int most, Way cold, Way warm) {
    Target.below(what, "ms", most, most)
        .print(cold.millis().median() - warm.millis().median(), session.out());
  }
}
