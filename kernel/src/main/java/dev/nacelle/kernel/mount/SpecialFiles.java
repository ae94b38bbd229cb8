package dev.nacelle.kernel.mount;

import dev.nacelle.kernel.Native;
import java.lang.foreign.Arena;
import java.nio.file.Path;

/** Device nodes and fifos; mknod(2). */
public final class SpecialFiles {
  private static final int AT_FDCWD = -100;

  private SpecialFiles() {}

  /**
   * @param mode type and permissions, as in {@code st_mode}; the umask does not apply to what is
   *     set afterwards by fchmodat(2)
   */
  public static void make(Path path, int mode, int major, int minor) {
    try (Arena arena = Arena.ofConfined()) {
      long address = arena.allocateFrom(path.toString()).address();
      Native.check(
          "make " + path,
          SyscallNumbers.HERE.mknodat(),
          AT_FDCWD,
          address,
          mode,
          deviceNumber(major, minor));
      Native.check(
          "set the mode of " + path,
          SyscallNumbers.HERE.fchmodat(),
          AT_FDCWD,
          address,
          mode & 07777);
    }
  }

  /** The kernel's encoding of a device number, as {@code st_rdev} and EROFS have it. */
  public static long deviceNumber(int major, int minor) {
    return (minor & 0xffL) | ((long) major << 8) | ((minor & ~0xffL) << 12);
  }
}
