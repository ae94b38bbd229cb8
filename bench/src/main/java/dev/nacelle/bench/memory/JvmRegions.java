package dev.nacelle.bench.memory;

import dev.nacelle.bench.report.Command;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where the regions of a JVM with the serial collector lie, asked with {@code jcmd}. The question
 * itself costs the JVM some hundred kilobytes: read its mappings before.
 */
final class JvmRegions {
  private static final Pattern RANGE =
      Pattern.compile("\\[0x([0-9a-f]+), 0x[0-9a-f]+, 0x([0-9a-f]+)\\)");
  private static final Pattern NODE =
      Pattern.compile("base 0x([0-9a-f]+): reserved=([0-9.]+) ?(KB|MB|GB|bytes)");

  private record Region(long start, long end, String name) {}

  private final List<Region> regions = new ArrayList<>();

  private JvmRegions() {}

  static JvmRegions of(long pid) throws IOException, InterruptedException {
    JvmRegions result = new JvmRegions();
    result.ranges(jcmd(pid, "GC.heap_info"), "Java heap");
    result.ranges(jcmd(pid, "Compiler.codecache"), "code cache");
    result.nodes(jcmd(pid, "VM.metaspace", "vslist"));
    return result;
  }

  private static String jcmd(long pid, String... command) throws IOException, InterruptedException {
    List<String> line = new ArrayList<>();
    line.add(Path.of(System.getProperty("java.home"), "bin", "jcmd").toString());
    line.add(String.valueOf(pid));
    line.addAll(List.of(command));
    return Command.output(line);
  }

  private void ranges(String answer, String name) {
    Matcher matcher = RANGE.matcher(answer);
    while (matcher.find()) {
      regions.add(
          new Region(
              Long.parseUnsignedLong(matcher.group(1), 16),
              Long.parseUnsignedLong(matcher.group(2), 16),
              name));
    }
  }

  private void nodes(String answer) {
    String name = "metaspace";
    for (String line : answer.lines().toList()) {
      if (line.startsWith("vsl ")) {
        name =
            line.contains("class-space") && !line.contains("non-class")
                ? "class space"
                : "metaspace";
      }
      Matcher node = NODE.matcher(line);
      if (line.startsWith("- node") && node.find()) {
        long start = Long.parseUnsignedLong(node.group(1), 16);
        long unit =
            switch (node.group(3)) {
              case "GB" -> 1L << 30;
              case "MB" -> 1L << 20;
              case "KB" -> 1L << 10;
              default -> 1;
            };
        regions.add(
            new Region(start, start + (long) (Double.parseDouble(node.group(2)) * unit), name));
      }
    }
  }

  /** The name of the region a mapping starts in. */
  Optional<String> at(long address) {
    return regions.stream()
        .filter(r -> Long.compareUnsigned(address, r.start()) >= 0)
        .filter(r -> Long.compareUnsigned(address, r.end()) < 0)
        .map(Region::name)
        .findFirst();
  }
}
