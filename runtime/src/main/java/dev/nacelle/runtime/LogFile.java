package dev.nacelle.runtime;

import java.nio.file.Path;

/**
 * Where a container's output goes, in the CRI log format: {@code TIME stdout|stderr P|F TEXT}. When
 * the file exceeds {@code maxSizeBytes} it is renamed to PATH.1 (PATH.1 to PATH.2, ...), at most
 * {@code maxFiles} in all, at least 2.
 */
public record LogFile(Path path, long maxSizeBytes, int maxFiles) {
  public LogFile {
    if (maxSizeBytes < 65_536 || maxFiles < 2 || maxFiles > 100) {
      throw new IllegalArgumentException(
          "cannot keep " + maxFiles + " log files of " + maxSizeBytes + " bytes");
    }
  }

  /** The kubelet's defaults: 5 files of 10 MiB. */
  public static LogFile at(Path path) {
    return new LogFile(path, 10L << 20, 5);
  }
}
