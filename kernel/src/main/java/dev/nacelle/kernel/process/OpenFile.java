package dev.nacelle.kernel.process;

import dev.nacelle.kernel.Errno;
import dev.nacelle.kernel.ErrnoException;
import dev.nacelle.kernel.Native;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.LongUnaryOperator;

/**
 * An open descriptor that is not polled: of a regular file, or one that is only held. Calls pin
 * their carrier for as long as the kernel takes. Safe for any thread; the number is never used
 * after the close.
 */
public final class OpenFile implements AutoCloseable {
  private static final long READ_WRITE = 2;
  private static final int PIECE = 1 << 20;

  private final long number;
  private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
  private boolean closed;

  OpenFile(long number) {
    this.number = number;
  }

  /**
   * Opens a file for reading and writing, open(2).
   *
   * @throws ErrnoException if the kernel refuses
   */
  public static OpenFile open(Path path) {
    try (Arena arena = Arena.ofConfined()) {
      long text = arena.allocateFrom(path.toString()).address();
      long flags = READ_WRITE | Syscalls.O_CLOEXEC;
      return new OpenFile(
          Native.check("open " + path, Syscalls.OPENAT, Syscalls.AT_FDCWD, text, flags, 0));
    }
  }

  /** Takes over the descriptor that a system call gave. */
  public static OpenFile adopt(long number) {
    return new OpenFile(number);
  }

  /**
   * Calls the kernel with the number, which stays open meanwhile.
   *
   * @return what the call returned
   * @throws IllegalStateException if this is closed
   */
  public long use(LongUnaryOperator call) {
    lock.readLock().lock();
    try {
      if (closed) {
        throw new IllegalStateException("cannot use a descriptor: it is closed");
      }
      return call.applyAsLong(number);
    } finally {
      lock.readLock().unlock();
    }
  }

  /** Writes all that remains in the buffer from that offset on, pwrite(2). */
  public void write(ByteBuffer from, long at) throws IOException {
    move("write", Syscalls.PWRITE64, from, at);
  }

  /** Reads until the buffer is full or the file ends, pread(2). */
  public void read(ByteBuffer to, long at) throws IOException {
    move("read", Syscalls.PREAD64, to, at);
  }

  private void move(String what, int call, ByteBuffer buffer, long at) throws IOException {
    boolean writes = call == Syscalls.PWRITE64;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment copy =
          arena.allocate(Math.max(1, buffer.isDirect() ? 1 : Math.min(PIECE, buffer.remaining())));
      while (buffer.hasRemaining()) {
        int length = Math.min(PIECE, buffer.remaining());
        MemorySegment part = MemorySegment.ofBuffer(buffer.slice(buffer.position(), length));
        if (!buffer.isDirect() && writes) {
          MemorySegment.copy(part, 0, copy, 0, length);
        }
        long address = buffer.isDirect() ? part.address() : copy.address();
        long position = at;
        long n = use(fd -> Native.call(call, fd, address, length, position));
        if (n == -Errno.EINTR) {
          continue;
        }
        if (n < 0) {
          throw new IOException(new ErrnoException(what + " a file", (int) -n));
        }
        if (n == 0) {
          return;
        }
        if (!buffer.isDirect() && !writes) {
          MemorySegment.copy(copy, 0, part, 0, n);
        }
        buffer.position(buffer.position() + (int) n);
        at += n;
      }
    }
  }

  /** Holds every file open while the packet that carries them is sent. */
  static void send(PacketSocket socket, byte[] packet, List<OpenFile> files) throws IOException {
    files.forEach(file -> file.lock.readLock().lock());
    try {
      if (files.stream().anyMatch(file -> file.closed)) {
        throw new IOException("cannot send a descriptor: it is closed");
      }
      socket.send(packet, files.stream().mapToLong(file -> file.number).toArray());
    } finally {
      files.forEach(file -> file.lock.readLock().unlock());
    }
  }

  @Override
  public void close() {
    lock.writeLock().lock();
    try {
      if (!closed) {
        closed = true;
        Syscalls.close((int) number);
      }
    } finally {
      lock.writeLock().unlock();
    }
  }
}
