package dev.nacelle.bench.api;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The processor time a process has used, from {@code /proc/PID/stat} (proc(5)). */
final class CpuTime {
  /** USER_HZ, which is 100 on every architecture that Linux has a JDK for. */
  private static final double MILLIS_PER_TICK = 10;

  private CpuTime() {}

  static double millis(long pid) throws IOException {
    String stat = Files.readString(Path.of("/proc", String.valueOf(pid), "stat"));
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
    return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) * MILLIS_PER_TICK;
  }
}
