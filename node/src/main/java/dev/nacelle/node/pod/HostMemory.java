package dev.nacelle.node.pod;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The memory of this host. */
public final class HostMemory {
  public static final long TOTAL_BYTES = read("MemTotal:");

  private HostMemory() {}

  /** What could be given to processes now without swapping. */
  public static long availableBytes() {
    return read("MemAvailable:");
  }

  private static long read(String field) {
    try {
      return Files.readAllLines(Path.of("/proc/meminfo")).stream()
          .filter(l -> l.startsWith(field))
          .mapToLong(l -> Long.parseLong(l.replaceAll("\\D", "")) * 1024)
          .findFirst()
          .orElseThrow();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
