package dev.nacelle.bench.up;

import dev.nacelle.bench.platform.Instance;
import dev.nacelle.bench.platform.Session;
import dev.nacelle.bench.report.Samples;
import dev.nacelle.bench.report.Table;
import dev.nacelle.bench.report.Target;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Wall time of {@code ./nacelle up} on a fresh data directory, after {@code down} and after kill
 * -9, from the call of the launcher to its return, and the parts that it prints.
 */
public final class UpTimes {
  private static final Pattern SUMMARY = Pattern.compile("up after ([0-9]+) ms \\((.*)\\)");
  private static final Pattern PART = Pattern.compile("([a-z][a-z ]*[a-z]) ([0-9]+)(?: ms)?");

  /** Samples of one way to start: the wall time, and the parts by name. */
  private static final class Way {
    private final Samples wall = new Samples();
    private final Map<String, Samples> parts = new LinkedHashMap<>();

    void time(Instance instance) throws IOException, InterruptedException {
      long began = System.nanoTime();
      String printed = instance.up();
      wall.add((System.nanoTime() - began) / 1e6);
      Matcher summary = SUMMARY.matcher(printed);
      if (!summary.find()) {
        throw new IOException("cannot read what 'up' printed: " + printed.strip());
      }
      part("all parts, as printed").add(Double.parseDouble(summary.group(1)));
      Matcher part = PART.matcher(summary.group(2));
      while (part.find()) {
        part(part.group(1)).add(Double.parseDouble(part.group(2)));
      }
    }

    private Samples part(String name) {
      return parts.computeIfAbsent(name, n -> new Samples());
    }
  }

  private UpTimes() {}

  public static void run(Session session, int count) throws IOException, InterruptedException {
    PrintStream out = session.out();
    // the first of all may train the start-up cache
    try (Instance instance = session.instance()) {
      instance.up();
    }
    Way first = new Way();
    Way later = new Way();
    Way killed = new Way();
    boolean cached = false;
    for (int i = 0; i < count; i++) {
      try (Instance instance = session.instance()) {
        first.time(instance);
        instance.down();
        later.time(instance);
        cached = isCacheMapped(instance.pid());
        instance.kill();
        killed.time(instance);
      }
    }
    session.heading("up: wall time of './nacelle up', %d of each".formatted(count));
    out.println(
        cached
            ? "the start-up cache is used (its file is mapped)"
            : "the start-up cache is NOT used: see build/train.log");
    out.println();
    Table table = Table.ofQuantiles("ms from the call to the return");
    table.quantiles("fresh data directory", first.wall);
    table.quantiles("after down", later.wall);
    table.quantiles("after kill -9", killed.wall);
    table.print(out);
    out.println();
    Table parts = new Table("ms, p50, as 'up' prints them", "fresh", "after down", "after kill -9");
    for (String name : first.parts.keySet()) {
      parts.row(
          name,
          Table.number(first.part(name).median()),
          Table.number(later.part(name).median()),
          Table.number(killed.part(name).median()));
    }
    parts.print(out);
    out.println();
    Target.below("up on later runs, after down, p50", "ms", 3_000, 2_000)
        .print(later.wall.median(), out);
    Target.below("up on later runs, after kill -9, p50", "ms", 3_000, 2_000)
        .print(killed.wall.median(), out);
  }

  private static boolean isCacheMapped(long pid) throws IOException {
    try (var lines = Files.lines(Path.of("/proc", String.valueOf(pid), "maps"))) {
      return lines.anyMatch(l -> l.endsWith("/build/dist/aot"));
    }
  }
}
