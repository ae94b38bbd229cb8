package dev.nacelle.bench.report;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.temporal.ChronoUnit;
import java.util.List;

/** Where and of what a figure was taken. */
public final class Machine {
  private final Path root;
  private final Clock clock;

  /**
   * @param root the repository the program was built from
   */
  public Machine(Path root, Clock clock) {
    this.root = root;
    this.clock = clock;
  }

  /** Prints the title of a figure, and below it the machine, its load, the commit and the date. */
  public void heading(String title, PrintStream out) throws IOException, InterruptedException {
    out.println();
    out.println("== " + title);
    out.println(
        "machine: %d cores (%s), %d MiB memory, Linux %s, load average %s"
            .formatted(
                Runtime.getRuntime().availableProcessors(),
                field("/proc/cpuinfo", "model name"),
                Long.parseLong(field("/proc/meminfo", "MemTotal").replaceAll("\\D", "")) / 1024,
                Files.readString(Path.of("/proc/sys/kernel/osrelease")).strip(),
                load()));
    out.println(
        "commit %s, %s, JDK %s"
            .formatted(commit(), clock.instant().truncatedTo(ChronoUnit.SECONDS), jdk()));
  }

  /** The load average of one, five and fifteen minutes. */
  public static String load() throws IOException {
    List<String> fields = List.of(Files.readString(Path.of("/proc/loadavg")).split(" "));
    return String.join(" ", fields.subList(0, 3));
  }

  private static String jdk() {
    return Runtime.version().toString();
  }

  private String commit() throws IOException, InterruptedException {
    Command.Result hash =
        Command.run("git", "-C", root.toString(), "rev-parse", "--short=12", "HEAD");
    if (hash.status() != 0) {
      return "unknown";
    }
    Command.Result changes =
        Command.run("git", "-C", root.toString(), "status", "--porcelain", "--untracked-files=no");
    return hash.output().strip() + (changes.output().isBlank() ? "" : " with changes");
  }

  private static String field(String file, String name) throws IOException {
    for (String line : Files.readAllLines(Path.of(file))) {
      if (line.startsWith(name)) {
        return line.substring(line.indexOf(':') + 1).strip();
      }
    }
    return "unknown";
  }
}
