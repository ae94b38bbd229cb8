package dev.nacelle.base.files;

import dev.nacelle.base.bytes.Bytes;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/** Writes that are whole or not at all, also when the machine stops in the middle. */
public final class DurableFiles {
  private DurableFiles() {}

  /** Who may open a file. */
  public enum Mode {
    /** 0600: keys and other secrets. */
    OWNER("rw-------"),
    /** 0644. */
    EVERYBODY_READS("rw-r--r--");

    final Set<PosixFilePermission> permissions;

    Mode(String permissions) {
      this.permissions = Set.copyOf(PosixFilePermissions.fromString(permissions));
    }
  }

  /**
   * Replaces a file: readers see the old content or the new, and after the return the new one is on
   * the disk. Two writers of one path: the last one wins. The directory must exist.
   */
  public static void writeAtomically(Path path, Bytes content, Mode mode) throws IOException {
    writeAtomically(path, content, mode, directoryOf(path.toAbsolutePath()));
  }

  /**
   * As {@link #writeAtomically(Path, Bytes, Mode)}, for a directory in which nobody may find what a
   * killed process left.
   *
   * @param drafts where the content is written first; on the same file system
   */
  public static void writeAtomically(Path path, Bytes content, Mode mode, Path drafts)
      throws IOException {
    Path draft = AtomicFiles.draft(path, content, mode, drafts);
    try {
      syncFile(draft);
      publish(draft, path);
    } catch (IOException | RuntimeException e) {
      Files.deleteIfExists(draft);
      throw e;
    }
  }

  /**
   * Renames a finished file or directory into its place and makes that durable; a file that is
   * there is replaced.
   */
  public static void publish(Path finished, Path place) throws IOException {
    Path directory = directoryOf(place.toAbsolutePath());
    Files.move(finished, place, StandardCopyOption.ATOMIC_MOVE);
    syncDirectory(directory);
  }

  /** Removes a file for good; nothing happens where there is none. */
  public static void delete(Path path) throws IOException {
    if (Files.deleteIfExists(path)) {
      syncDirectory(directoryOf(path.toAbsolutePath()));
    }
  }

  /** Makes the names in a directory durable: after a file was made, renamed or removed in it. */
  public static void syncDirectory(Path directory) throws IOException {
    sync(directory);
  }

  /** Makes what was written to a file durable, by whomever. */
  public static void syncFile(Path file) throws IOException {
    sync(file);
  }

  private static void sync(Path path) throws IOException {
    try (var channel = FileChannel.open(path, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  private static Path directoryOf(Path path) throws IOException {
    Path parent = path.getParent();
    if (parent == null || path.getFileName() == null) {
      throw new IOException("cannot write " + path + ": not a file name");
    }
    return parent;
  }
}
