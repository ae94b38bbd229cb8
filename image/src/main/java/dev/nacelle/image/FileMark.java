package dev.nacelle.image;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * By what a change of a file is noticed: which file it is, its size, and when its content or its
 * attributes were last changed, which nobody can set (ctime; inode(7)). Reading changes nothing.
 */
record FileMark(long inode, long sizeBytes, long changedNanos) {
  /** There is no such file, or nothing is known of it. */
  static final FileMark NONE = new FileMark(0, -1, 0);

  static FileMark of(Path file) throws IOException {
    try {
      Map<String, Object> found =
          Files.readAttributes(file, "unix:ino,size,ctime", LinkOption.NOFOLLOW_LINKS);
      return found.get("ino") instanceof Long inode
              && found.get("size") instanceof Long size
              && found.get("ctime") instanceof FileTime changed
          ? new FileMark(inode, size, changed.to(TimeUnit.NANOSECONDS))
          : NONE;
    } catch (NoSuchFileException e) {
      return NONE;
    }
  }

  /** Whether the file is there and is the same, unchanged. */
  boolean isStill(FileMark now) {
    return !equals(NONE) && equals(now);
  }
}
