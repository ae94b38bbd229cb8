package dev.nacelle.kernel.mount;

import dev.nacelle.kernel.Errno;
import dev.nacelle.kernel.ErrnoException;
import dev.nacelle.kernel.Native;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;

/**
 * The space of a file system; statfs(2).
 *
 * @param type the magic number of the file system
 * @param availableBytes what an ordinary user may still write
 */
public record DiskSpace(
    long type,
    long capacityBytes,
    long freeBytes,
    long availableBytes,
    long inodes,
    long inodesFree) {
  private static final int STATFS_BYTES = 120;
  private static final int KEEP_SIZE = 1;
  private static final int DONT_NEED = 4;
  private static final int STATX_BYTES = 256;
  private static final int STATX_BLOCKS = 0x400;
  private static final int STATX_BLOCKS_AT = 48;
  private static final int SECTOR_BYTES = 512;
  private static final int NO_FOLLOW = 0x100;

  /** The file system that {@code path} lies on. */
  public static DiskSpace of(Path path) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment s = arena.allocate(STATFS_BYTES, 8);
      Native.check(
          "read the space of " + path,
          SyscallNumbers.HERE.statfs(),
          arena.allocateFrom(path.toString()).address(),
          s.address());
      long block = word(s, 1);
      return new DiskSpace(
          word(s, 0),
          word(s, 2) * block,
          word(s, 3) * block,
          word(s, 4) * block,
          word(s, 5),
          word(s, 6));
    }
  }

  /**
   * What a file, directory or link takes on its disk, holes left out; statx(2). Raises no
   * pre-content event.
   *
   * @return 0 where there is none
   */
  public static long allocatedBytes(Path file) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment s = arena.allocate(STATX_BYTES, 8);
      long result =
          Native.call(
              SyscallNumbers.HERE.statx(),
              Descriptor.AT_FDCWD,
              arena.allocateFrom(file.toString()).address(),
              NO_FOLLOW,
              STATX_BLOCKS,
              s.address());
      if (result == -Errno.ENOENT) {
        return 0;
      }
      if (result < 0) {
        throw new ErrnoException("look at " + file, (int) -result);
      }
      return s.get(ValueLayout.JAVA_LONG, STATX_BLOCKS_AT) * SECTOR_BYTES;
    }
  }

  /**
   * Reserves blocks for a file without changing its size; fallocate(2). A file system that cannot
   * is left alone.
   *
   * @throws ErrnoException with {@link Errno#ENOSPC} if there is not so much
   */
  public static void reserve(Path file, long bytes) {
    if (bytes <= 0) {
      return;
    }
    try (Descriptor descriptor = Descriptor.open(file, Descriptor.READ_WRITE)) {
      long result;
      do {
        result =
            Native.call(SyscallNumbers.HERE.fallocate(), descriptor.number(), KEEP_SIZE, 0, bytes);
      } while (result == -Errno.EINTR);
      if (result < 0 && result != -Errno.EOPNOTSUPP && result != -Errno.ENOSYS) {
        throw new ErrnoException("reserve " + bytes + " bytes for " + file, (int) -result);
      }
    }
  }

  /** Drops the clean pages of a file from the page cache; posix_fadvise(2). */
  public static void dropCache(Path file) {
    try (Descriptor descriptor = Descriptor.open(file, Descriptor.READ_ONLY)) {
      Native.check(
          "drop the cache of " + file,
          SyscallNumbers.HERE.fadvise64(),
          descriptor.number(),
          0,
          0,
          DONT_NEED);
    }
  }

  /** Writes out everything of the file system that {@code path} lies on; syncfs(2). */
  public static void sync(Path path) {
    try (Descriptor descriptor = Descriptor.open(path, Descriptor.READ_ONLY)) {
      Native.check("sync " + path, SyscallNumbers.HERE.syncfs(), descriptor.number());
    }
  }

  private static long word(MemorySegment segment, int index) {
    return segment.get(ValueLayout.JAVA_LONG, 8L * index);
  }
}
