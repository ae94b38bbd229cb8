package dev.nacelle.kernel.process;

import dev.nacelle.kernel.ErrnoException;
import dev.nacelle.kernel.Native;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/** System call numbers and constants of the two architectures, and small calls made of them. */
final class Syscalls {
  private static final boolean ARM = System.getProperty("os.arch").equals("aarch64");

  static final int READ = ARM ? 63 : 0;
  static final int WRITE = ARM ? 64 : 1;
  static final int CLOSE = ARM ? 57 : 3;
  static final int SOCKET = ARM ? 198 : 41;
  static final int CONNECT = ARM ? 203 : 42;
  static final int SENDMSG = ARM ? 211 : 46;
  static final int RECVMSG = ARM ? 212 : 47;
  static final int EPOLL_CREATE1 = ARM ? 20 : 291;
  static final int EPOLL_CTL = ARM ? 21 : 233;
  static final int EPOLL_PWAIT = ARM ? 22 : 281;
  static final int EVENTFD2 = ARM ? 19 : 290;
  static final int FCNTL = ARM ? 25 : 72;
  static final int IOCTL = ARM ? 29 : 16;
  static final int OPENAT = ARM ? 56 : 257;
  static final int PREAD64 = ARM ? 67 : 17;
  static final int PWRITE64 = ARM ? 68 : 18;
  static final int SHUTDOWN = ARM ? 210 : 48;

  static final int AT_FDCWD = -100;
  static final int O_CLOEXEC = 0x80000;
  static final int O_NONBLOCK = 0x800;
  static final int O_PATH = 0x200000;
  static final int F_GETFL = 3;
  static final int F_SETFL = 4;
  static final int EPIPE = 32;
  static final int ECONNRESET = 104;

  /** The kernel packs {@code struct epoll_event} on x86-64 alone. */
  static final int EPOLL_EVENT_SIZE = ARM ? 16 : 12;

  static final int EPOLL_DATA_OFFSET = ARM ? 8 : 4;

  private Syscalls() {}

  static void close(int fd) {
    Native.call(CLOSE, fd);
  }

  static void setNonBlocking(int fd) {
    long flags = Native.check("read the flags of a descriptor", FCNTL, fd, F_GETFL, 0);
    Native.check("set the flags of a descriptor", FCNTL, fd, F_SETFL, flags | O_NONBLOCK);
  }

  /**
   * Opens a path as a handle, open(2) with O_PATH.
   *
   * @throws ErrnoException if it cannot be opened
   */
  static int openHandle(Path path) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocateFrom(path.toString());
      return (int)
          Native.check("open " + path, OPENAT, AT_FDCWD, text.address(), O_PATH | O_CLOEXEC, 0);
    }
  }
}
