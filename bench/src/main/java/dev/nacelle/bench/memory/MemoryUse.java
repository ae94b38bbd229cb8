package dev.nacelle.bench.memory;

import dev.nacelle.bench.platform.Instance;
import dev.nacelle.bench.report.Machine;
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
  public static void run(Path root, Path parent, Duration rest, Machine machine, PrintStream out)
      throws IOException, InterruptedException {
    try (Instance instance = Instance.in(root, parent)) {
      instance.demo();
      Thread.sleep(rest);
      long platform = instance.pid();
      List<Mapping> mappings = Mapping.of(platform);
      List<Used> all = new ArrayList<>();
      all.add(rollup("platform", platform));
      all.addAll(companions(instance.data()));
      machine.heading(
          "memory: %d s after the demo (three container groups)".formatted(rest.toSeconds()), out);
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

  /** The native processes that were started with this data directory. */
  private static List<Used> companions(Path data) throws IOException {
    List<Used> found = new ArrayList<>();
    try (Stream<ProcessHandle> processes = ProcessHandle.allProcesses()) {
      for (ProcessHandle process : processes.toList()) {
        String[] words = commandLine(process.pid()).split("\0");
        String program = words[0].substring(words[0].lastIndexOf('/') + 1);
        boolean ours = program.contains("keeper") || program.contains("monitor");
        if (ours && Stream.of(words).anyMatch(w -> w.contains(data.toString()))) {
          found.add(rollup(program, process.pid()));
        }
      }
    }
    found.sort(Comparator.comparing(Used::process).thenComparing(Used::pid));
    return found;
  }

  private static String commandLine(long pid) {
    try {
      return Files.readString(Path.of("/proc", String.valueOf(pid), "cmdline"));
    } catch (IOException e) {
      // it has ended since it was listed
      return "";
    }
  }

  private static Used rollup(String process, long pid) throws IOException {
    long rss = 0;
    long pss = 0;
    for (String line :
        Files.readAllLines(Path.of("/proc", String.valueOf(pid), "smaps_rollup"))) {
      if (line.startsWith("Rss:")) {
        rss = Long.parseLong(line.replaceAll("\\D", ""));
      } else if (line.startsWith("Pss:")) {
        pss = Long.parseLong(line.replaceAll("\\D", ""));
      }
    }
    return new Used(process, pid, rss, pss);
  }
}
