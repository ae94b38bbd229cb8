package dev.nacelle.kernel.lazy;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.nacelle.kernel.ErrnoException;
import dev.nacelle.kernel.Native;
import dev.nacelle.kernel.process.OpenFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/** Whether one process has ended, pidfd_open(2): its number may be another's by then. */
record ProcessExit(Optional<OpenFile> descriptor) implements AutoCloseable {
  private static final int PIDFD_OPEN = 434;
  private static final int PPOLL = System.getProperty("os.arch").equals("aarch64") ? 73 : 271;
  private static final short POLLIN = 1;
  private static final int ESRCH = 3;

  /** Starts to watch; a process that is gone by now is over. */
  static ProcessExit watch(int pid) {
    long fd = Native.call(PIDFD_OPEN, pid, 0);
    if (fd < 0 && fd != -ESRCH) {
      throw new ErrnoException("watch process " + pid, (int) -fd);
    }
    return new ProcessExit(fd < 0 ? Optional.empty() : Optional.of(OpenFile.adopt(fd)));
  }

  boolean isOver() {
    if (descriptor.isEmpty()) {
      return true;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment poll = arena.allocate(8, 4);
      MemorySegment now = arena.allocate(16, 8);
      poll.set(JAVA_SHORT, 4, POLLIN);
      long ready =
          descriptor
              .get()
              .use(
                  fd -> {
                    poll.set(JAVA_INT, 0, (int) fd);
                    return Native.call(PPOLL, poll.address(), 1, now.address(), 0, 0);
                  });
      return ready == 1;
    }
  }

  @Override
  public void close() {
    descriptor.ifPresent(OpenFile::close);
  }
}
