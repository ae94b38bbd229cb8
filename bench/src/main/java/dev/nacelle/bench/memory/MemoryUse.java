package dev.nacelle.bench.memory;

import dev.nacelle.bench.platform.Instance;
import dev.nacelle.bench.platform.Session;
import dev.nacelle.bench.report.Table;
import dev.nacelle.bench.report.Target;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * What the platform, the keeper and the monitors hold some time after the demo, by process, and for
 * the platform by what is in it. The containers' own processes do not count.
 */
public final class MemoryUse {
  private record Used(String process, long pid, long rssKib, long pssKib) {}

  private MemoryUse() {}

  /**
   * @param rest how long the platform is left alone after the demo
   */
  public static void run(Session session, Duration rest) throws IOException, InterruptedException {
    PrintStream out = session.out();
    try (Instance instance = session.instance()) {
      instance.demo();
      Thread.sleep(rest);
      long platform = instance.pid();
      List<Mapping> mappings = Mapping.of(platform);
      List<Used> all = new ArrayList<>();
      all.add(rollup("platform", platform));
      all.addAll(companions(instance.data()));
      session.heading(
          "memory: %d s after the demo (three container groups)".formatted(rest.toSeconds()));
      processes(all, out);
      classes(MappingClasses.sum(mappings, JvmRegions.of(platform)), out);
      double pss = all.stream().mapToLong(Used::pssKib).sum() / 1024.0;
      // the bound is in megabytes as people say them
      Target.below("PSS of all", "MB", 250, 200).print(pss * 1.048576, out);
    }
  }

  private static void processes(List<Used> all, PrintStream out) {
    out.println();
    Table table = new Table("KiB", "PSS", "RSS", "pid");
    for (Used used : all) {
      table.row(
          used.process(),
          String.valueOf(used.pssKib()),
          String.valueOf(used.rssKib()),
          String.valueOf(used.pid()));
    }
    table.row(
        "all",
        String.valueOf(all.stream().mapToLong(Used::pssKib).sum()),
        String.valueOf(all.stream().mapToLong(Used::rssKib).sum()));
    table.print(out);
  }

  private static void classes(Map<String, MappingClasses.Size> sums, PrintStream out) {
    out.println();
    Table table = new Table("platform by content, KiB", "PSS", "RSS");
    sums.entrySet().stream()
        .filter(e -> e.getValue().rssKib() > 0)
        .sorted(Comparator.comparingLong(e -> -e.getValue().pssKib()))
        .forEach(
            e ->
                table.row(
                    e.getKey(),
                    String.valueOf(e.getValue().pssKib()),
                    String.valueOf(e.getValue().rssKib())));
    table.print(out);
    out.println();
  }

  /**
   * The keeper is a daemon that was started with this data directory, the monitors are its
   * children; what they run, the containers, does not count.
   */
  private static List<Used> companions(Path data) throws IOException {
    List<Used> found = new ArrayList<>();
    for (ProcessHandle keeper : keepers(data)) {
      found.add(rollup(name(keeper), keeper.pid()));
      List<ProcessHandle> monitors = keeper.children().toList();
      for (ProcessHandle monitor : monitors) {
        if (name(monitor).startsWith("nacelle-mon")) {
          found.add(rollup(name(monitor), monitor.pid()));
        }
      }
    }
    found.sort(Comparator.comparing(Used::process).thenComparing(Used::pid));
    return found;
  }

  private static List<ProcessHandle> keepers(Path data) {
    try (Stream<ProcessHandle> all = ProcessHandle.allProcesses()) {
      return all.filter(p -> isKeeper(commandLine(p.pid()).split("\0"), data)).toList();
    }
  }

  private static boolean isKeeper(String[] command, Path data) {
    return command[0].substring(command[0].lastIndexOf('/') + 1).startsWith("keeper")
        && Stream.of(command).anyMatch(word -> word.startsWith(data.toString()));
  }

  private static String commandLine(long pid) {
    try {
      return Files.readString(Path.of("/proc", String.valueOf(pid), "cmdline"));
    } catch (IOException e) {
      // it has ended since it was listed
      return "";
    }
  }

  private static String name(ProcessHandle process) throws IOException {
    return Files.readString(Path.of("/proc", String.valueOf(process.pid()), "comm")).strip();
  }

  private static Used rollup(String process, long pid) throws IOException {
    long rss = 0;
    long pss = 0;
    for (String line : Files.readAllLines(Path.of("/proc", String.valueOf(pid), "smaps_rollup"))) {
      if (line.startsWith("Rss:")) {
        rss = Long.parseLong(line.replaceAll("\\D", ""));
      } else if (line.startsWith("Pss:")) {
        pss = Long.parseLong(line.replaceAll("\\D", ""));
      }
    }
    return new Used(process, pid, rss, pss);
  }
}
