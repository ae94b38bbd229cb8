package dev.nacelle.base.http;

import dev.nacelle.base.bytes.Bytes;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Bytes on their way from one blocking writer to the event loop: gathers small writes, and blocks
 * the writer while more than 256 KiB have not reached the socket.
 */
final class Outbound {
  private static final int GATHER_BYTES = 32 << 10;
  private static final int IN_FLIGHT_BYTES = 256 << 10;

  /** Hands a batch to the loop, which calls {@code sent} once the socket has taken it. */
  interface Link {
    void transmit(List<Bytes> batch, int sizeBytes, Runnable sent);
  }

  /** Hands a buffer, and with it its ownership, to the loop. */
  interface Piece {
    void transmit(ByteBuf piece, Runnable sent);
  }

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition drained = lock.newCondition();
  private final Link link;
  private List<Bytes> batch = new ArrayList<>(2);
  private int batchBytes;
  private long inFlightBytes;
  private boolean closed;

  Outbound(Link link) {
    this.link = link;
  }

  void write(Bytes bytes) throws IOException, InterruptedException {
    lock.lock();
    try {
      requireOpen();
      if (!bytes.isEmpty()) {
        batch.add(bytes);
        batchBytes += bytes.sizeBytes();
      }
      if (batchBytes >= GATHER_BYTES) {
        transmitBatch();
        awaitRoom();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Passes one buffer on without gathering, behind what was written; owns it from here on. */
  void write(ByteBuf piece, Piece link) throws IOException, InterruptedException {
    lock.lock();
    try {
      if (closed) {
        piece.release();
      }
      requireOpen();
      transmitBatch();
      int size = piece.readableBytes();
      inFlightBytes += size;
      link.transmit(piece, () -> sent(size));
      awaitRoom();
    } finally {
      lock.unlock();
    }
  }

  void flush() throws IOException, InterruptedException {
    lock.lock();
    try {
      requireOpen();
      transmitBatch();
      awaitRoom();
    } finally {
      lock.unlock();
    }
  }

  /** Sends what was gathered without waiting, and refuses more. */
  void finish() {
    lock.lock();
    try {
      if (!closed) {
        closed = true;
        transmitBatch();
        drained.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /** The peer has gone: wakes the writer, refuses more. */
  void cut() {
    lock.lock();
    try {
      closed = true;
      batch = new ArrayList<>(0);
      batchBytes = 0;
      drained.signalAll();
    } finally {
      lock.unlock();
    }
  }

  boolean isClosed() {
    lock.lock();
    try {
      return closed;
    } finally {
      lock.unlock();
    }
  }

  private void requireOpen() throws IOException {
    if (closed) {
      throw new IOException("the client has left or the stream is closed");
    }
  }

  private void transmitBatch() {
    if (batchBytes == 0) {
      return;
    }
    int size = batchBytes;
    List<Bytes> sending = batch;
    inFlightBytes += size;
    batch = new ArrayList<>(2);
    batchBytes = 0;
    link.transmit(sending, size, () -> sent(size));
  }

  private void awaitRoom() throws IOException, InterruptedException {
    while (inFlightBytes > IN_FLIGHT_BYTES) {
      requireOpen();
      drained.await();
    }
  }

  private void sent(int sizeBytes) {
    lock.lock();
    try {
      inFlightBytes -= sizeBytes;
      if (inFlightBytes <= IN_FLIGHT_BYTES) {
        drained.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }
}
