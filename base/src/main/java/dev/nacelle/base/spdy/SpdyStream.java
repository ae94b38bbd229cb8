package dev.nacelle.base.spdy;

import dev.nacelle.base.bytes.ChunkInputStream;
import dev.nacelle.base.http.Headers;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.concurrent.locks.Condition;

/**
 * One stream of a connection. Its input is for one thread at a time, and so is its output. What
 * nobody will read must be closed: a full buffer holds up the connection.
 */
public final class SpdyStream {
  /** Bytes that wait for the reader, before the connection is held up. */
  static final int MAX_WAITING = 256 << 10;

  private final SpdyConnection connection;
  private final int id;
  private final Headers headers;
  private final InputStream input = new Input();
  private final OutputStream output = new Output();

  /** Guarded by the connection's lock, as all below. */
  private final ArrayDeque<byte[]> chunks = new ArrayDeque<>(2);

  private final Condition arrived;
  private int waiting;
  private boolean peerEnded;
  private boolean dropping;
  private boolean ended;
  private boolean reset;

  SpdyStream(SpdyConnection connection, int id, Headers headers, Condition arrived) {
    this.connection = connection;
    this.id = id;
    this.headers = headers;
    this.arrived = arrived;
  }

  /** Odd when a client opened it. */
  public int id() {
    return id;
  }

  /** What it was opened with; names are lower case. */
  public Headers headers() {
    return headers;
  }

  /** Tells the peer that the stream it opened is taken; must come before anything is written. */
  public void reply() throws IOException {
    connection.sendReply(this);
  }

  /**
   * From the peer, to the end of its side. A read fails once the stream was reset or the connection
   * ended; closing it drops what comes.
   */
  public InputStream input() {
    return input;
  }

  /** To the peer, sent at once; closing it ends this side. */
  public OutputStream output() {
    return output;
  }

  /** Ends both sides at once. Idempotent. */
  public void reset() {
    connection.reset(this);
  }

  // --- all of the following with the connection's lock held ---

  boolean hasRoom() {
    return waiting <= MAX_WAITING || dropping || reset;
  }

  /** Takes bytes in; how many of them now wait. */
  int offer(byte[] chunk) {
    if (dropping || reset || peerEnded || chunk.length == 0) {
      return 0;
    }
    chunks.add(chunk);
    waiting += chunk.length;
    arrived.signal();
    return chunk.length;
  }

  void peerEnded() {
    peerEnded = true;
    arrived.signal();
  }

  /** Breaks the stream off on this side; gives the bytes that waited, which are lost. */
  int tearDown() {
    reset = true;
    arrived.signal();
    return drop();
  }

  /** The peer has gone, or broke the stream off; what has arrived can still be read. */
  void cut() {
    if (!peerEnded) {
      reset = true;
    }
    ended = true;
    arrived.signal();
  }

  private int drop() {
    int dropped = waiting;
    chunks.clear();
    waiting = 0;
    return dropped;
  }

  boolean isEnded() {
    return ended;
  }

  boolean isOver() {
    return reset || (ended && peerEnded);
  }

  /** True for the one call that ends this side. */
  boolean end() {
    boolean first = !ended && !reset;
    ended = true;
    return first;
  }

  void requireOpen() throws IOException {
    if (reset) {
      throw new IOException("the stream was reset");
    }
    if (ended) {
      throw new IOException("the stream is closed");
    }
  }

  private final class Input extends ChunkInputStream {
    @Override
    protected byte[] next() throws IOException {
      connection.lock().lock();
      try {
        while (chunks.isEmpty()) {
          if (peerEnded || dropping) {
            return new byte[0];
          }
          if (reset) {
            throw new IOException("the stream was reset");
          }
          arrived.await();
        }
        byte[] chunk = chunks.remove();
        waiting -= chunk.length;
        connection.taken(chunk.length);
        return chunk;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException("interrupted while reading from the peer");
      } finally {
        connection.lock().unlock();
      }
    }

    @Override
    public void close() {
      connection.lock().lock();
      try {
        dropping = true;
        arrived.signal();
        connection.taken(drop());
      } finally {
        connection.lock().unlock();
      }
    }
  }

  private final class Output extends OutputStream {
    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] source, int offset, int length) throws IOException {
      Objects.checkFromIndexSize(offset, length, source.length);
      connection.sendData(SpdyStream.this, source, offset, length);
    }

    @Override
    public void close() {
      connection.sendEnd(SpdyStream.this);
    }
  }
}
