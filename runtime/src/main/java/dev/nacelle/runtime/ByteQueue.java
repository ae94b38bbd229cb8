package dev.nacelle.runtime;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.Objects;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** A bounded pipe in memory: whoever writes waits for room, whoever reads waits for bytes. */
final class ByteQueue extends InputStream {
  private static final int CAPACITY = 256 * 1024;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final byte[] ring = new byte[CAPACITY];
  private int start;
  private int size;
  private boolean ended;
  private boolean abandoned;

  /** Adds all, or drops the rest when the reader has closed. */
  void put(byte[] bytes) {
    lock.lock();
    try {
      for (int done = 0; done < bytes.length; ) {
        while (size == CAPACITY && !abandoned) {
          changed.awaitUninterruptibly();
        }
        if (abandoned) {
          return;
        }
        int at = (start + size) % CAPACITY;
        int part = Math.min(bytes.length - done, Math.min(CAPACITY - size, CAPACITY - at));
        System.arraycopy(bytes, done, ring, at, part);
        size += part;
        done += part;
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  void end() {
    lock.lock();
    try {
      ended = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
  }

  @Override
  public int read(byte[] buffer, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, buffer.length);
    if (length == 0) {
      return 0;
    }
    lock.lock();
    try {
      while (size == 0 && !ended && !abandoned) {
        changed.await();
      }
      if (size == 0) {
        return -1;
      }
      int part = Math.min(length, Math.min(size, CAPACITY - start));
      System.arraycopy(ring, start, buffer, offset, part);
      start = (start + part) % CAPACITY;
      size -= part;
      changed.signalAll();
      return part;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while reading a container's output");
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    lock.lock();
    try {
      abandoned = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
