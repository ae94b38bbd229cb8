package dev.nacelle.app;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.files.DurableFiles;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Holds {@code DIR/lock} for the life of the process: one platform, or one verb, on a data
 * directory at a time.
 */
final class DataLock implements AutoCloseable {
  private static final int VERSION = 1;

  private final FileChannel channel;
  private final FileLock lock;

  private DataLock(FileChannel channel, FileLock lock) {
    this.channel = channel;
    this.lock = lock;
  }

  /**
   * Makes the directory if it is missing and locks it.
   *
   * @throws StartException if it is locked, not writable, or of a newer version
   */
  static DataLock take(Layout layout) throws StartException {
    try {
      Files.createDirectories(layout.data());
      FileChannel channel =
          FileChannel.open(layout.lock(), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      FileLock lock = channel.tryLock();
      if (lock == null) {
        channel.close();
        throw new StartException(
            "cannot use "
                + layout.data()
                + ": its lock is held by another process; 'nacelle status --data "
                + layout.data()
                + "' tells");
      }
      checkVersion(layout);
      return new DataLock(channel, lock);
    } catch (IOException e) {
      throw new StartException(
          "cannot use "
              + layout.data()
              + " as data directory: "
              + reason(e)
              + "; choose another with --data");
    }
  }

  /** Of some failures the message is only the path. */
  private static String reason(IOException e) {
    return switch (e) {
      case FileAlreadyExistsException exists -> exists.getFile() + " is not a directory";
      case NoSuchFileException none -> none.getFile() + " cannot be made";
      case AccessDeniedException denied -> "no permission for " + denied.getFile();
      case FileSystemException other when other.getReason() != null ->
          other.getFile() + ": " + other.getReason();
      default -> String.valueOf(e.getMessage());
    };
  }

  private static void checkVersion(Layout layout) throws IOException, StartException {
    Path file = layout.version();
    if (!Files.exists(file)) {
      // a version that is cut off would read as a newer one for ever
      DurableFiles.writeAtomically(
          file, Bytes.utf8(VERSION + "\n"), DurableFiles.Mode.EVERYBODY_READS);
      return;
    }
    String text = Files.readString(file).strip();
    int found = text.matches("\\d{1,6}") ? Integer.parseInt(text) : Integer.MAX_VALUE;
    if (found > VERSION) {
      throw new StartException(
          "cannot use "
              + layout.data()
              + ": it was written by a newer version (format "
              + text
              + ", this one knows "
              + VERSION
              + "); use that version");
    }
  }

  @Override
  public void close() {
    try {
      lock.release();
      channel.close();
    } catch (IOException e) {
      throw new IllegalStateException("cannot release the lock", e);
    }
  }
}
