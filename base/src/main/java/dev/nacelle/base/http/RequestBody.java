package dev.nacelle.base.http;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.bytes.ChunkInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Bytes on their way from the event loop (offers, ends, fails) to one blocking reader. The source
 * is paused while more than 256 KiB wait.
 */
final class RequestBody extends ChunkInputStream {
  private static final int HIGH_BYTES = 256 << 10;
  private static final int LOW_BYTES = 64 << 10;
  private static final byte[] END = new byte[0];

  /**
   * Stops and restarts the source; {@code pause} is called on the loop, {@code resume} anywhere.
   */
  interface Source {
    void pause();

    void resume();
  }

  private static final Source NOTHING =
      new Source() {
        @Override
        public void pause() {}

        @Override
        public void resume() {}
      };

  private static final RequestBody NONE = ended();

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final ArrayDeque<byte[]> chunks = new ArrayDeque<>(2);
  private final Source source;
  private final long patienceNanos;
  private final long declaredBytes;
  private int waiting;
  private boolean paused;
  private boolean ended;
  private boolean discarded;
  private @Nullable String failure;

  /**
   * @param patience how long a read may wait for the next bytes; zero for ever
   * @param declaredBytes the announced length, negative when not known
   */
  RequestBody(Source source, Duration patience, long declaredBytes) {
    this.source = source;
    this.patienceNanos = patience.toNanos();
    this.declaredBytes = declaredBytes;
  }

  /** The body without bytes; shared, for most requests have none. */
  static RequestBody none() {
    return NONE;
  }

  private static RequestBody ended() {
    var body = new RequestBody(NOTHING, Duration.ZERO, 0);
    body.ended = true;
    return body;
  }

  /** More bytes have come; loop only. */
  void offer(byte[] chunk) {
    lock.lock();
    try {
      if (discarded || ended || chunk.length == 0) {
        return;
      }
      chunks.add(chunk);
      waiting += chunk.length;
      if (waiting > HIGH_BYTES && !paused) {
        paused = true;
        source.pause();
      }
      changed.signal();
    } finally {
      lock.unlock();
    }
  }

  /** No more will come; loop only. */
  void end() {
    lock.lock();
    try {
      ended = true;
      changed.signal();
    } finally {
      lock.unlock();
    }
  }

  /** No more will come and the end is missing; after a proper end it means nothing. */
  void fail(String why) {
    lock.lock();
    try {
      if (!ended && failure == null) {
        failure = why;
        changed.signal();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Drops what waits and what will come. */
  void discard() {
    if (this == NONE) {
      return;
    }
    boolean resume;
    lock.lock();
    try {
      discarded = true;
      chunks.clear();
      waiting = 0;
      resume = paused;
      paused = false;
      changed.signal();
    } finally {
      lock.unlock();
    }
    if (resume) {
      source.resume();
    }
  }

  /** Reads to the end. */
  Bytes readAll(int maxBytes) throws IOException {
    if (declaredBytes > maxBytes) {
      throw new BodyTooLargeException(maxBytes);
    }
    byte[] first = next();
    if (first.length == 0) {
      return Bytes.EMPTY;
    }
    byte[] second = first.length <= maxBytes ? next() : END;
    if (second.length == 0 && first.length <= maxBytes) {
      return Bytes.wrap(first);
    }
    var all = new ByteArrayOutputStream((int) Math.min(maxBytes, Math.max(declaredBytes, 8192)));
    all.writeBytes(first);
    for (byte[] chunk = second; chunk.length > 0; chunk = next()) {
      all.writeBytes(chunk);
      if (all.size() > maxBytes) {
        break;
      }
    }
    if (all.size() > maxBytes) {
      throw new BodyTooLargeException(maxBytes);
    }
    return Bytes.wrap(all.toByteArray());
  }

  @Override
  protected byte[] next() throws IOException {
    byte[] chunk;
    boolean resume = false;
    try {
      lock.lockInterruptibly();
      try {
        chunk = awaitChunk();
        waiting -= chunk.length;
        if (paused && waiting < LOW_BYTES) {
          paused = false;
          resume = true;
        }
      } finally {
        lock.unlock();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while reading from the peer");
    }
    if (resume) {
      source.resume();
    }
    return chunk;
  }

  private byte[] awaitChunk() throws IOException, InterruptedException {
    long left = patienceNanos;
    while (chunks.isEmpty()) {
      if (discarded) {
        throw new IOException("the stream is closed");
      }
      if (ended) {
        return END;
      }
      if (failure != null) {
        throw new IOException(failure);
      }
      if (patienceNanos == 0) {
        changed.await();
      } else {
        left = changed.awaitNanos(left);
        if (left <= 0 && chunks.isEmpty() && !ended) {
          throw new IOException("the client sent nothing for too long");
        }
      }
    }
    return chunks.remove();
  }

  /** Bytes that can be read without blocking. */
  @Override
  public int available() {
    lock.lock();
    try {
      return left() + waiting;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    discard();
  }
}
