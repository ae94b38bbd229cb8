package dev.nacelle.app;

import dev.nacelle.network.DatapathProbe;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/** Words what this host offers to each room: the best path, the fallback in use, what is lost. */
final class Doctor {
  private Doctor() {}

  /** The lines of a running platform's host. */
  static List<String> lines(FutureTask<Wiring.HostParts> host) {
    try {
      return lines(host.get());
    } catch (ExecutionException e) {
      return List.of("FAIL  host: " + e.getCause().getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return List.of();
    }
  }

  static List<String> lines(Wiring.HostParts host) {
    var lines = new ArrayList<String>();
    host.runtime()
        .capabilities()
        .forEach(c -> lines.add(line(c.level().name(), c.name(), c.detail())));
    host.images()
        .capabilities()
        .forEach(
            c ->
                lines.add(
                    line(
                        c.lost().isPresent() ? "FALLBACK" : "BEST",
                        c.feature(),
                        c.inUse() + c.lost().map(l -> "; lost: " + l).orElse(""))));
    DatapathProbe.capabilities()
        .forEach(c -> lines.add(line(c.state().name(), c.feature(), c.detail())));
    return lines;
  }

  private static String line(String level, String feature, String detail) {
    return "%-9s %-38s %s".formatted(level, feature, detail);
  }
}
