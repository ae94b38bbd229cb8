package dev.nacelle.base.files;

import dev.nacelle.base.bytes.Bytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * Writes that are whole or not at all for every process of this boot. A machine that stops may lose
 * or spoil them: for what is proved before it is believed again, or synced later by {@link
 * DurableFiles}.
 */
public final class AtomicFiles {
  private AtomicFiles() {}

  /**
   * Replaces a file without waiting for the disk.
   *
   * @param drafts where the content is written first; on the same file system
   */
  public static void replace(Path path, Bytes content, DurableFiles.Mode mode, Path drafts)
      throws IOException {
    Path draft = draft(path, content, mode, drafts);
    try {
      Files.move(draft, path, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException | RuntimeException e) {
      Files.deleteIfExists(draft);
      throw e;
    }
  }

  /** A new file with the content, to be renamed to {@code path}. */
  static Path draft(Path path, Bytes content, DurableFiles.Mode mode, Path drafts)
      throws IOException {
    Path draft =
        Files.createTempFile(
            drafts,
            "." + path.toAbsolutePath().getFileName() + ".",
            ".new",
            PosixFilePermissions.asFileAttribute(DurableFiles.Mode.OWNER.permissions));
    try (var channel = FileChannel.open(draft, StandardOpenOption.WRITE)) {
      ByteBuffer rest = content.asByteBuffer();
      while (rest.hasRemaining()) {
        channel.write(rest);
      }
      if (mode != DurableFiles.Mode.OWNER) {
        Files.setPosixFilePermissions(draft, mode.permissions);
      }
      return draft;
    } catch (IOException | RuntimeException e) {
      Files.deleteIfExists(draft);
      throw e;
    }
  }
}
