package dev.nacelle.app;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.files.DurableFiles;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Raises limits of the host that some hundred pods would meet, and says so; what cannot be raised
 * is left. What was there before is noted for {@link #restore}, which the last instance of the host
 * calls. Instances take turns by the lock of {@link Instance}.
 *
 * @param wanted the least value of each file below {@code /proc/sys}
 * @param notes where the values from before are kept, until a reboot at most
 */
record KernelSettings(Map<Path, Long> wanted, Path notes) {
  private static final Logger LOG = LoggerFactory.getLogger(KernelSettings.class);

  KernelSettings {
    wanted = Map.copyOf(wanted);
  }

  static KernelSettings ofHost() {
    return new KernelSettings(
        Map.of(
            Path.of("/proc/sys/fs/inotify/max_user_instances"), 8_192L,
            Path.of("/proc/sys/kernel/pid_max"), 4_194_304L),
        Path.of("/run/nacelle/settings"));
  }

  void raise() {
    wanted.forEach(
        (file, least) -> {
          try {
            long now = read(file);
            if (now < least) {
              note(file, now);
              Files.writeString(file, Long.toString(least));
              LOG.info("raised {} from {} to {}", file, now, least);
            }
          } catch (IOException | NumberFormatException e) {
            LOG.info("cannot raise {}: {}", file, e.getMessage());
          }
        });
  }

  /** The first value counts: one that is found later may be a raised one of an earlier build. */
  private void note(Path file, long value) throws IOException {
    Path note = note(file);
    if (!Files.exists(note)) {
      Files.createDirectories(notes);
      DurableFiles.writeAtomically(
          note, Bytes.utf8(value + "\n"), DurableFiles.Mode.EVERYBODY_READS);
    }
  }

  private Path note(Path file) {
    return notes.resolve(file.toString().substring(1).replace('/', '.'));
  }

  /** Gives back what was raised, unless somebody has changed it since. */
  void restore() {
    wanted.forEach(
        (file, least) -> {
          Path note = note(file);
          try {
            if (!Files.exists(note)) {
              return;
            }
            if (read(file) == least) {
              Files.writeString(file, Long.toString(read(note)));
            }
            Files.delete(note);
          } catch (IOException | NumberFormatException e) {
            LOG.info("cannot restore {}: {}", file, e.getMessage());
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
