package dev.nacelle.app;

import java.io.FileInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Raises limits of the host that some hundred pods would meet. Says so; what cannot be raised is
 * left.
 */
final class KernelSettings {
  private static final Logger LOG = LoggerFactory.getLogger(KernelSettings.class);
  private static final Map<String, Long> WANTED =
      Map.of(
          "/proc/sys/fs/inotify/max_user_instances", 8_192L,
          "/proc/sys/kernel/pid_max", 4_194_304L);

  private KernelSettings() {}

  static void raise() {
    WANTED.forEach(
        (file, wanted) -> {
          try {
            Path path = Path.of(file);
            long now = read(path);
            if (now < wanted) {
              Files.writeString(path, Long.toString(wanted));
              LOG.info("raised {} from {} to {}", file, now, wanted);
            }
          } catch (IOException | NumberFormatException e) {
            LOG.info("cannot raise {}: {}", file, e.getMessage());
          }
        });
  }

  /** In one call: these files give one character to a reader that comes back for more. */
  private static long read(Path path) throws IOException {
    byte[] buffer = new byte[32];
    try (var in = new FileInputStream(path.toFile())) {
      int count = Math.max(0, in.read(buffer));
      return Long.parseLong(new String(buffer, 0, count, StandardCharsets.US_ASCII).strip());
    }
  }
}
