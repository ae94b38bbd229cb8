package dev.nacelle.app;

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
            long now =
                Long.parseLong(
                    new String(Files.readAllBytes(path), StandardCharsets.US_ASCII).strip());
            if (now < wanted) {
              Files.writeString(path, Long.toString(wanted));
              LOG.info("raised {} from {} to {}", file, now, wanted);
            }
          } catch (IOException | NumberFormatException e) {
            LOG.info("cannot raise {}: {}", file, e.getMessage());
          }
        });
  }
}
