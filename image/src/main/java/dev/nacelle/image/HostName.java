package dev.nacelle.image;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What this host calls itself. */
final class HostName {
  private static final Path FILE = Path.of("/proc/sys/kernel/hostname");

  private HostName() {}

  /** As {@code uname(2)} says it; empty where it does not. */
  static String ofKernel() {
    try {
      return Files.readString(FILE).strip();
    } catch (IOException e) {
      return ""; // what is told of is told without a name then
    }
  }
}
