package dev.nacelle.kernel.process;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.nacelle.kernel.Errno;
import dev.nacelle.kernel.ErrnoException;
import dev.nacelle.kernel.Native;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * One epoll(7) instance and its one platform thread, for any number of descriptors: whoever waits
 * for a {@link Descriptor} parks, and no carrier is pinned. Safe for any thread; the owner closes
 * it after its descriptors.
 */
public final class Poller implements AutoCloseable {
  private static final int EPOLL_CLOEXEC = 0x80000;
  private static final int ADD = 1;
  private static final int DELETE = 2;
  private static final int IN = 0x1;
  private static final int OUT = 0x4;
  private static final int RDHUP = 0x2000;
  private static final long EDGE_TRIGGERED = 1L << 31;
  private static final int BATCH = 64;
  private static final long STOP = 0;

  private final int epoll;
  private final int wake;
  private final AtomicLong tokens = new AtomicLong(STOP);
  private final Map<Long, Descriptor> descriptors = new ConcurrentHashMap<>();
  private final Thread thread;

  private Poller(int epoll, int wake) {
    this.epoll = epoll;
    this.wake = wake;
    this.thread = Thread.ofPlatform().name("poller").daemon().unstarted(this::run);
  }

  /**
   * Starts the thread.
   *
   * @throws ErrnoException if the kernel refuses
   */
  public static Poller open() {
    int epoll = (int) Native.check("make an epoll instance", Syscalls.EPOLL_CREATE1, EPOLL_CLOEXEC);
    int wake =
        (int)
            Native.check(
                "make an event descriptor",
                Syscalls.EVENTFD2,
                0,
                Syscalls.O_CLOEXEC | Syscalls.O_NONBLOCK);
    var poller = new Poller(epoll, wake);
    poller.control(ADD, wake, IN, STOP);
    poller.thread.start();
    return poller;
  }

  /** Takes over an open descriptor: it becomes non-blocking and is closed by the result. */
  public Descriptor adopt(int fd) {
    Syscalls.setNonBlocking(fd);
    long token = tokens.incrementAndGet();
    var descriptor = new Descriptor(this, fd, token);
    descriptors.put(token, descriptor);
    try {
      control(ADD, fd, IN | OUT | RDHUP | EDGE_TRIGGERED, token);
    } catch (ErrnoException e) {
      descriptors.remove(token);
      Syscalls.close(fd);
      throw e;
    }
    return descriptor;
  }

  void forget(int fd, long token) {
    descriptors.remove(token);
    Native.call(Syscalls.EPOLL_CTL, epoll, DELETE, fd, 0);
  }

  private void control(int operation, int fd, long events, long token) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment event = arena.allocate(16, 8);
      event.set(JAVA_INT_UNALIGNED, 0, (int) events);
      event.set(JAVA_LONG_UNALIGNED, Syscalls.EPOLL_DATA_OFFSET, token);
      Native.check("watch a descriptor", Syscalls.EPOLL_CTL, epoll, operation, fd, event.address());
    }
  }

  private void run() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment events = arena.allocate((long) Syscalls.EPOLL_EVENT_SIZE * BATCH, 8);
      while (true) {
        long count = Native.call(Syscalls.EPOLL_PWAIT, epoll, events.address(), BATCH, -1, 0, 0);
        if (count < 0 && count != -Errno.EINTR) {
          throw new ErrnoException("wait for events", (int) -count);
        }
        for (int i = 0; i < count; i++) {
          long at = (long) i * Syscalls.EPOLL_EVENT_SIZE + Syscalls.EPOLL_DATA_OFFSET;
          long token = events.get(JAVA_LONG_UNALIGNED, at);
          if (token == STOP) {
            return;
          }
          Descriptor descriptor = descriptors.get(token);
          if (descriptor != null) {
            descriptor.wake();
          }
        }
      }
    } finally {
      Syscalls.close(epoll);
      Syscalls.close(wake);
    }
  }

  /** Closes the descriptors that are still open, and ends the thread. */
  @Override
  public void close() {
    descriptors.values().forEach(Descriptor::close);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment one = arena.allocate(8, 8);
      one.set(JAVA_LONG_UNALIGNED, 0, 1);
      Native.call(Syscalls.WRITE, wake, one.address(), 8);
    }
  }
}
