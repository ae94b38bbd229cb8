package dev.nacelle.store.rocks;

import dev.nacelle.store.StoreException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** The file {@code FORMAT} in the store's directory: which version of {@link Layout} lies there. */
final class FormatFile {
  private static final int VERSION = 1;
  private static final String TITLE = "nacelle-store ";
  private static final int MAX_BYTES = 64;

  private FormatFile() {}

  /** Refuses a directory that this program cannot read; marks a new one. */
  static void check(Path directory) {
    try {
      Files.createDirectories(directory);
      Path file = directory.resolve("FORMAT");
      if (Files.exists(file)) {
        requireReadable(directory, file);
      } else if (Files.exists(directory.resolve("CURRENT"))) {
        throw new StoreException(
            "cannot open store %s: it holds another data base; choose an empty directory"
                .formatted(directory));
      } else {
        write(directory, file);
      }
    } catch (IOException e) {
      throw new StoreException("cannot open store %s: %s".formatted(directory, e), e);
    }
  }

  private static void requireReadable(Path directory, Path file) throws IOException {
    String text =
        Files.size(file) > MAX_BYTES ? "" : Files.readString(file, StandardCharsets.UTF_8).strip();
    int found = 0;
    if (text.startsWith(TITLE)) {
      try {
        found = Integer.parseInt(text.substring(TITLE.length()));
      } catch (NumberFormatException _) {
        found = 0;
      }
    }
    if (found < 1) {
      throw new StoreException(
          "cannot open store %s: its file FORMAT is damaged; restore it from a backup"
              .formatted(directory));
    }
    if (found > VERSION) {
      throw new StoreException(
          "cannot open store %s: its format %d is newer than %d, the newest this version reads; use the newer version"
              .formatted(directory, found, VERSION));
    }
  }

  private static void write(Path directory, Path file) throws IOException {
    Path fresh = directory.resolve("FORMAT.new");
    try (FileChannel out =
        FileChannel.open(
            fresh,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      ByteBuffer text = ByteBuffer.wrap((TITLE + VERSION + "\n").getBytes(StandardCharsets.UTF_8));
      while (text.hasRemaining()) {
        out.write(text);
      }
      out.force(true);
    }
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
    try (FileChannel entries = FileChannel.open(directory, StandardOpenOption.READ)) {
      entries.force(true);
    }
  }
}
