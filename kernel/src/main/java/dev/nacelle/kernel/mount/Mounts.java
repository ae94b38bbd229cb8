package dev.nacelle.kernel.mount;

import dev.nacelle.kernel.Errno;
import dev.nacelle.kernel.ErrnoException;
import dev.nacelle.kernel.Native;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/**
 * mount(2) and umount2(2) in the mount namespace of this process. Memory handed to the kernel lives
 * for the call. Every method throws {@link ErrnoException}. Safe for any thread; a call lasts well
 * below a millisecond.
 */
public final class Mounts {
  public static final long READ_ONLY = 1;
  public static final long NO_SUID = 2;
  public static final long NO_DEVICES = 4;
  public static final long NO_EXECUTE = 8;
  public static final long REMOUNT = 32;
  public static final long NO_ACCESS_TIMES = 1024;
  public static final long BIND = 4096;
  public static final long RECURSIVE = 16384;
  public static final long PRIVATE = 1 << 18;
  public static final long SLAVE = 1 << 19;

  private static final int DETACH = 2;
  private static final int NO_FOLLOW = 8;

  private Mounts() {}

  /** mount(2). */
  public static void mount(String source, Path target, String type, long flags, String data) {
    try (Arena arena = Arena.ofConfined()) {
      Native.check(
          "mount " + type + " on " + target,
          SyscallNumbers.HERE.mount(),
          arena.allocateFrom(source).address(),
          arena.allocateFrom(target.toString()).address(),
          arena.allocateFrom(type).address(),
          flags,
          data.isEmpty() ? MemorySegment.NULL.address() : arena.allocateFrom(data).address());
    }
  }

  /** Makes {@code source} visible at {@code target} too. */
  public static void bind(Path source, Path target) {
    mount(source.toString(), target, "none", BIND, "");
  }

  /**
   * Unmounts what is at {@code target}, if anything; false if nothing was.
   *
   * @throws ErrnoException with {@link Errno#EBUSY} while a process uses it
   */
  public static boolean unmount(Path target) {
    return unmount(target, NO_FOLLOW);
  }

  /**
   * Takes the mount out of the tree at once; it ends when its last user leaves. False if nothing
   * was mounted there.
   */
  public static boolean detach(Path target) {
    return unmount(target, NO_FOLLOW | DETACH);
  }

  private static boolean unmount(Path target, int flags) {
    try (Arena arena = Arena.ofConfined()) {
      long address = arena.allocateFrom(target.toString()).address();
      long result = Native.call(SyscallNumbers.HERE.umount2(), address, flags);
      if (result == -Errno.EINVAL || result == -Errno.ENOENT) {
        return false;
      }
      if (result < 0) {
        throw new ErrnoException("unmount " + target, (int) -result);
      }
      return true;
    }
  }
}
