package dev.nacelle.testkit.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * What an instance has in the kernel and among the processes of this host: nothing of it may be
 * left after {@code down --all}.
 *
 * @param data directory of the instance
 * @param key names its kernel objects
 * @param ranges of its pods and Services, as they stand in the routing table
 */
record HostTraces(Path data, String key, List<String> ranges) {
  private static final Path PROC = Path.of("/proc");
  private static final Path CGROUPS = Path.of("/sys/fs/cgroup");
  private static final int CGROUP_DEPTH = 4;

  /** A line for each thing that is there now. */
  List<String> found() {
    try {
      var lines = new ArrayList<String>();
      processes().forEach(pid -> lines.add("process " + pid + ": " + commandLine(pid)));
      try (Stream<String> mounts = Files.lines(PROC.resolve("self/mountinfo"))) {
        mounts.filter(l -> l.contains(data + "/")).map(l -> "mount " + l).forEach(lines::add);
      }
      links(lines);
      cgroups(lines);
      Path pins = Path.of("/sys/fs/bpf/nacelle", key);
      if (Files.exists(pins)) {
        lines.add("bpf pins " + pins);
      }
      String routes = Command.of("ip", "route", "show", "table", "all").run().out();
      routes
          .lines()
          .filter(l -> ranges.stream().anyMatch(l::contains))
          .forEach(l -> lines.add("route " + l));
      return lines;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The processes with the data directory in their command line. */
  List<Long> processes() throws IOException {
    var result = new ArrayList<Long>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(PROC, "[0-9]*")) {
      for (Path entry : entries) {
        long pid = Long.parseLong(String.valueOf(entry.getFileName()));
        String line = commandLine(pid);
        if (line.contains(data.toString()) && !line.contains("kubectl")) {
          result.add(pid);
        }
      }
    }
    return result;
  }

  /** A process's words; empty if it has ended. */
  static String commandLine(long pid) {
    try {
      return new String(
              Files.readAllBytes(PROC.resolve(Long.toString(pid)).resolve("cmdline")),
              StandardCharsets.UTF_8)
          .replace('\0', ' ');
    } catch (IOException e) {
      return "";
    }
  }

  private void links(List<String> lines) throws IOException {
    try (DirectoryStream<Path> links = Files.newDirectoryStream(Path.of("/sys/class/net"))) {
      for (Path link : links) {
        Path alias = link.resolve("ifalias");
        if (Files.isReadable(alias) && Files.readString(alias).startsWith("nacelle/" + key + "/")) {
          lines.add("link " + link.getFileName());
        }
      }
    }
  }

  private void cgroups(List<String> lines) throws IOException {
    try (Stream<Path> walk = Files.find(CGROUPS, CGROUP_DEPTH, (p, a) -> a.isDirectory())) {
      walk.filter(p -> p.endsWith(Path.of("nacelle", key)) || p.endsWith("nacelle-" + key))
          .forEach(p -> lines.add("cgroup " + p));
    } catch (UncheckedIOException e) {
      // a cgroup of somebody else went away during the walk
      if (Files.exists(CGROUPS.resolve("nacelle").resolve(key))) {
        lines.add("cgroup " + key);
      }
    }
  }
}
