package dev.nacelle.kernel;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** What this host calls itself; {@code uname(2)}. */
public final class HostName {
  private static final Path FILE = Path.of("/proc/sys/kernel/hostname");

  private HostName() {}

  /** The name now; empty where the kernel does not say. */
  public static Optional<String> ofKernel() {
    try {
      return Optional.of(Files.readString(FILE).strip());
    } catch (IOException e) {
      return Optional.empty();
    }
  }
}
