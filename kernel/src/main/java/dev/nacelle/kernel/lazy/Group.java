package dev.nacelle.kernel.lazy;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.nacelle.kernel.Native;
import dev.nacelle.kernel.process.OpenFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A duplicate of the keeper's fanotify(7) group. It is held, so that readers wait while no keeper
 * lives, and is never read: the kernel matches answers by the reader's descriptor numbers.
 */
record Group(OpenFile descriptor) implements AutoCloseable {
  private static final int WRITE = System.getProperty("os.arch").equals("aarch64") ? 64 : 1;
  private static final int ALLOW = 1;
  private static final int DENY = 2;

  /** Whether an event waited for the answer. */
  enum Answered {
    TAKEN,
    NOBODY_WAITED
  }

  /**
   * Answers an event that a dead keeper had read.
   *
   * @param number of the event's descriptor in the dead keeper
   * @param errno 0 lets the reader go on
   */
  Answered answer(int number, int errno) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment response = arena.allocate(8, 4);
      response.set(JAVA_INT, 0, number);
      response.set(JAVA_INT, 4, errno == 0 ? ALLOW : DENY | errno << 24);
      long n = descriptor.use(fd -> Native.call(WRITE, fd, response.address(), 8));
      return n < 0 ? Answered.NOBODY_WAITED : Answered.TAKEN;
    }
  }

  @Override
  public void close() {
    descriptor.close();
  }
}
