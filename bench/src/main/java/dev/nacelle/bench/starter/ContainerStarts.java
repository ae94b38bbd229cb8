package dev.nacelle.bench.starter;

import dev.nacelle.base.files.Trees;
import dev.nacelle.bench.platform.Session;
import dev.nacelle.bench.report.Samples;
import dev.nacelle.bench.report.Table;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A container in a sandbox that is there already, from the call of the runtime to its first output:
 * natively, by crun and by runc, run by run in turn.
 */
public final class ContainerStarts {
  private static final int WARM_UP = 10;

  private ContainerStarts() {}

  public static void run(Session session, int count) throws IOException, InterruptedException {
    Path work = Files.createTempDirectory(session.work(), "starter-");
    Path root = busybox(work.resolve("rootfs"));
    var ways = new ArrayList<Way>();
    try {
      ways.add(new Way("native", work, root, Optional.empty()));
      for (Path program : List.of(Path.of("/usr/bin/crun"), Path.of("/usr/sbin/runc"))) {
        if (Files.isExecutable(program)) {
          String name = String.valueOf(program.getFileName());
          ways.add(new Way(name, work, root, Optional.of(program)));
        }
      }
      for (int i = -WARM_UP; i < count; i++) {
        for (Way way : ways) {
          way.start(i >= 0);
        }
      }
      session.heading(
          "starter: %d containers in a sandbox, one after the other (%d before them not counted), ms"
              .formatted(count, WARM_UP));
      print(ways, session.out());
    } finally {
      ways.forEach(Way::close);
      Trees.delete(work);
    }
  }

  private static void print(List<Way> ways, PrintStream out) {
    out.println();
    Table table = Table.ofQuantiles("from the call to");
    for (Way way : ways) {
      table.quantiles(way.name() + ": execution", way.executed());
      table.quantiles(way.name() + ": first output", way.output());
      table.quantiles(way.name() + ": return", way.returned());
    }
    table.print(out);
    Samples first = ways.getFirst().output();
    for (Way way : ways.subList(1, ways.size())) {
      out.printf(
          "first output, %s / native: %.1f (p50), %.1f (p99)%n",
          way.name(),
          way.output().median() / first.median(),
          way.output().quantile(0.99) / first.quantile(0.99));
    }
  }

  private static Path busybox(Path root) throws IOException {
    for (String directory : List.of("bin", "etc", "proc", "sys", "dev")) {
      Files.createDirectories(root.resolve(directory));
    }
    Files.copy(Path.of("/bin/busybox"), root.resolve("bin/busybox"));
    return root;
  }
}
