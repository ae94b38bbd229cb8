package dev.nacelle.kernel.process;

import dev.nacelle.kernel.Errno;
import dev.nacelle.kernel.ErrnoException;
import dev.nacelle.kernel.Native;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;

/**
 * An open, non-blocking descriptor: a pipe, a terminal, a socket. A call that has to wait parks its
 * thread. Safe for any thread; closing wakes whoever waits. The number is never used after the
 * close, so it cannot hit a later descriptor of the same number.
 */
public final class Descriptor implements AutoCloseable {
  private static final int MAX_CHUNK = 65_536;
  private static final long TIOCSWINSZ = 0x5414;

  private final Poller poller;
  private final int fd;
  private final long token;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition ready = lock.newCondition();
  private boolean closed;

  Descriptor(Poller poller, int fd, long token) {
    this.poller = poller;
    this.fd = fd;
    this.token = token;
  }

  void wake() {
    lock.lock();
    try {
      ready.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Repeats a system call until it no longer says EAGAIN.
   *
   * @param call gets no arguments and returns the result or the negated errno
   */
  long whenReady(LongSupplier call) throws IOException {
    lock.lock();
    try {
      while (true) {
        if (closed) {
          throw new IOException("the descriptor is closed");
        }
        long result = call.getAsLong();
        if (result == -Errno.EINTR) {
          continue;
        }
        if (result != -Errno.EAGAIN) {
          return result;
        }
        ready.await();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while waiting for a descriptor");
    } finally {
      lock.unlock();
    }
  }

  int number() {
    return fd;
  }

  /**
   * Reads at least one byte, read(2).
   *
   * @return the count; -1 at the end, which for a terminal is that nobody has it open any more
   */
  public int read(byte[] buffer, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, buffer.length);
    if (length == 0) {
      return 0;
    }
    try (Arena arena = Arena.ofConfined()) {
      int most = Math.min(length, MAX_CHUNK);
      MemorySegment memory = arena.allocate(most);
      long n = whenReady(() -> Native.call(Syscalls.READ, fd, memory.address(), most));
      if (n == 0 || n == -Errno.EIO || n == -Syscalls.ECONNRESET) {
        return -1;
      }
      if (n < 0) {
        throw new IOException(new ErrnoException("read", (int) -n));
      }
      MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, 0, buffer, offset, (int) n);
      return (int) n;
    }
  }

  /** Writes all, write(2). */
  public void write(byte[] buffer, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, buffer.length);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(Math.max(1, Math.min(length, MAX_CHUNK)));
      for (int done = 0; done < length; ) {
        int part = Math.min(length - done, MAX_CHUNK);
        MemorySegment.copy(buffer, offset + done, memory, ValueLayout.JAVA_BYTE, 0, part);
        long n = whenReady(() -> Native.call(Syscalls.WRITE, fd, memory.address(), part));
        if (n < 0) {
          throw new IOException(new ErrnoException("write", (int) -n));
        }
        done += (int) n;
      }
    }
  }

  /** Sets the size of the terminal this is; nothing happens for anything else. */
  public void resize(int columns, int rows) {
    lock.lock();
    try (Arena arena = Arena.ofConfined()) {
      if (closed) {
        return;
      }
      MemorySegment size = arena.allocate(8, 2);
      size.setAtIndex(ValueLayout.JAVA_SHORT, 0, (short) rows);
      size.setAtIndex(ValueLayout.JAVA_SHORT, 1, (short) columns);
      Native.call(Syscalls.IOCTL, fd, TIOCSWINSZ, size.address());
    } finally {
      lock.unlock();
    }
  }

  /** A stream over this; closing it closes this. */
  public InputStream asInputStream() {
    return new InputStream() {
      @Override
      public int read() throws IOException {
        byte[] one = new byte[1];
        return Descriptor.this.read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
      }

      @Override
      public int read(byte[] buffer, int offset, int length) throws IOException {
        return Descriptor.this.read(buffer, offset, length);
      }

      @Override
      public void close() {
        Descriptor.this.close();
      }
    };
  }

  /** A stream over this; closing it closes this. */
  public OutputStream asOutputStream() {
    return new OutputStream() {
      @Override
      public void write(int b) throws IOException {
        Descriptor.this.write(new byte[] {(byte) b}, 0, 1);
      }

      @Override
      public void write(byte[] buffer, int offset, int length) throws IOException {
        Descriptor.this.write(buffer, offset, length);
      }

      @Override
      public void close() {
        Descriptor.this.close();
      }
    };
  }

  @Override
  public void close() {
    lock.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      poller.forget(fd, token);
      Syscalls.close(fd);
      ready.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
