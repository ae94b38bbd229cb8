package dev.nacelle.bench.memory;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A mapping of a process with what is resident of it, from {@code /proc/PID/smaps} (proc(5)).
 *
 * @param name the file or bracketed name; empty for anonymous memory
 */
record Mapping(long start, long end, String access, String name, long rssKib, long pssKib) {
  private static final int HEADER_FIELDS = 6;

  long sizeBytes() {
    return end - start;
  }

  static List<Mapping> of(long pid) throws IOException {
    List<Mapping> mappings = new ArrayList<>();
    String[] header = {};
    long rss = 0;
    for (String line : Files.readAllLines(Path.of("/proc", String.valueOf(pid), "smaps"))) {
      if (line.startsWith("Rss:")) {
        rss = kib(line);
      } else if (line.startsWith("Pss:")) {
        mappings.add(of(header, rss, kib(line)));
      } else if (!Character.isUpperCase(line.charAt(0))) {
        header = line.split(" +", HEADER_FIELDS);
      }
    }
    return mappings;
  }

  private static Mapping of(String[] header, long rssKib, long pssKib) {
    String[] range = header[0].split("-");
    return new Mapping(
        Long.parseUnsignedLong(range[0], 16),
        Long.parseUnsignedLong(range[1], 16),
        header[1],
        header.length == HEADER_FIELDS ? header[5] : "",
        rssKib,
        pssKib);
  }

  private static long kib(String line) {
    return Long.parseLong(line.replaceAll("\\D", ""));
  }
}
