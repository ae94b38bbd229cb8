package dev.nacelle.app;

import dev.nacelle.network.DatapathProbe;
import java.util.ArrayList;
import java.util.List;

/** Words what this host offers to each room: the best path, the fallback in use, what is lost. */
final class Doctor {
  private Doctor() {}

  static List<String> lines(HostWiring.HostParts host) {
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
