package dev.nacelle.bench.teleport;

import dev.nacelle.bench.image.DebianImage;
import dev.nacelle.bench.peer.Containerd;
import dev.nacelle.bench.platform.Session;
import dev.nacelle.cli.VerbException;
import java.io.IOException;
import java.io.PrintStream;
import java.util.List;

/**
 * A start from an image that another host has: cold with and without a trace, warm, after a whole
 * download, and by containerd; all ways take turns. Then what a hundred starts at once fetch, and
 * what reading costs afterwards.
 */
public final class Teleport {
  /** What can be chosen. */
  public static final List<String> ROWS =
      List.of(
          "start", "read-all", "layers", "hundred", "reads", "waterfall", "kubectl", "built-in");

  private Teleport() {}

  /**
   * @param rows of {@link #ROWS}
   */
  public static void run(Session session, int rounds, List<String> rows)
      throws IOException, InterruptedException, VerbException {
    PrintStream out = session.out();
    try (Scene scene = Scene.in(session)) {
      DebianImage image = scene.image();
      Scene.Parts parts = scene.prepare();
      session.heading(
          "teleport: an image of %,d files, %d MB in %d layers, %d MB as gzip; %d rounds"
              .formatted(
                  image.files(),
                  image.bytes() / 1_000_000,
                  image.layers(),
                  image.gzipBytes() / 1_000_000,
                  rounds));
      out.println("registry: Debian's docker-registry; peer: " + Containerd.versions());
      for (String row : rows) {
        switch (row) {
          case "start" -> new StartRow(session, scene, parts).run(rounds);
          case "read-all" -> new ReadAllRow(session, scene, parts).run(rounds);
          case "layers" -> new LayersRow(session, scene, parts).run(rounds);
          case "hundred" -> new HundredRow(session, parts).run();
          case "reads" -> new ReadsRow(session, scene, parts).run();
          case "waterfall" -> new WaterfallRow(session, parts).run();
          case "kubectl" -> new KubectlRow(session, parts).run();
          case "built-in" -> new BuiltInRow(session, scene, parts).run(rounds);
          default -> throw new IllegalArgumentException(row);
        }
      }
    }
  }
}
