package dev.nacelle.bench.teleport;

import dev.nacelle.bench.platform.CriLog;
import dev.nacelle.bench.platform.Session;
import dev.nacelle.bench.report.Command;
import dev.nacelle.bench.report.Table;
import dev.nacelle.cli.VerbException;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** The same as a user types it: {@code kubectl run}, its own start included. */
final class KubectlRow {
  private final Session session;
  private final Scene.Parts parts;
  private int runs;

  KubectlRow(Session session, Scene.Parts parts) {
    this.session = session;
    this.parts = parts;
  }

  void run() throws IOException, InterruptedException, VerbException {
    session.heading("teleport: from 'kubectl run' to the first output, once each");
    if (Command.run("sh", "-c", "command -v kubectl").status() != 0) {
      session.out().println("left out: there is no kubectl here");
      return;
    }
    Table table = new Table("", "ms away", "cold, traced ms", "warm ms");
    for (FarRegistry.Place place : parts.registry().places()) {
      String image = place.image(Scene.TRACED);
      parts.images().forget();
      place.proxy().hangUp();
      double cold = kubectl(image);
      parts.images().coldStartEnded();
      parts.images().pullWhole(image);
      parts.images().awaitSettled();
      table.row("", place.millis(), Table.number(cold), Table.number(kubectl(image)));
    }
    table.print(session.out());
  }

  private double kubectl(String image) throws IOException, InterruptedException {
    String name = "kubectl-run-" + runs++;
    var command =
        new ArrayList<>(
            List.of(
                "kubectl",
                "--kubeconfig",
                parts.instance().data().resolve("kubeconfig").toString(),
                "run",
                name,
                "--image=" + image,
                "--restart=Never",
                "--command",
                "--"));
    command.addAll(Workload.FIRST_OUTPUT.command());
    Instant sent = Instant.now();
    Command.output(command);
    return CriLog.millisSince(sent, parts.starts().endOf(name));
  }
}
