package dev.nacelle.kernel.mount;

import dev.nacelle.kernel.Errno;
import dev.nacelle.kernel.ErrnoException;
import dev.nacelle.kernel.Native;
import java.lang.foreign.Arena;
import java.nio.file.Path;

/** An open file descriptor, closed once. For one thread. */
final class Descriptor implements AutoCloseable {
  static final int READ_ONLY = 0;
  static final int READ_WRITE = 2;
  private static final int CLOEXEC = 02000000;
  static final int AT_FDCWD = -100;

  private final long number;

  Descriptor(long number) {
    this.number = number;
  }

  /** open(2); retried when a signal interrupts it. */
  static Descriptor open(Path path, int flags) {
    try (Arena arena = Arena.ofConfined()) {
      long pathAddress = arena.allocateFrom(path.toString()).address();
      long result;
      do {
        result =
            Native.call(SyscallNumbers.HERE.openat(), AT_FDCWD, pathAddress, flags | CLOEXEC, 0);
      } while (result == -Errno.EINTR);
      if (result < 0) {
        throw new ErrnoException("open " + path, (int) -result);
      }
      return new Descriptor(result);
    }
  }

  long number() {
    return number;
  }

  @Override
  public void close() {
    // close(2): the descriptor is gone even where an error is returned
    Native.call(SyscallNumbers.HERE.close(), number);
  }
}
