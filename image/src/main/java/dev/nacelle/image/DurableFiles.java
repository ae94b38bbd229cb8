package dev.nacelle.image;

import dev.nacelle.base.bytes.Bytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** Files that are whole or absent after a power cut: written aside, fsynced, renamed. */
final class DurableFiles {
  private DurableFiles() {}

  /** Replaces {@code file} by {@code content} at once. */
  static void write(Path file, Bytes content, Path temporary) throws IOException {
    Path aside = Files.createTempFile(temporary, "write-", ".tmp");
    try (FileChannel channel = FileChannel.open(aside, StandardOpenOption.WRITE)) {
      ByteBuffer bytes = content.asByteBuffer();
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      channel.force(true);
    }
    publish(aside, file);
  }

  /** Renames a finished file or directory into its place and makes that durable. */
  static void publish(Path finished, Path place) throws IOException {
    Files.move(finished, place, StandardCopyOption.ATOMIC_MOVE);
    syncDirectory(place.resolveSibling("."));
  }

  static void syncDirectory(Path directory) throws IOException {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }
}
