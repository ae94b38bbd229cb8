package dev.nacelle.base.spdy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.spdy.SpdyFrame;
import io.netty.handler.codec.spdy.SpdyFrameCodec;
import io.netty.handler.codec.spdy.SpdyVersion;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Frames out of and into streams of bytes, by Netty's codec. One thread reads; any thread writes.
 */
final class Frames implements AutoCloseable {
  /** Data frames of any length are read in pieces of at most this, and written so. */
  static final int MAX_DATA = 16 << 10;

  private static final int MAX_HEADERS = 16 << 10;

  private final InputStream input;
  private final OutputStream output;
  private final byte[] buffer = new byte[MAX_DATA];

  /** Keeps frames whole and in the order in which their headers were compressed. */
  private final ReentrantLock writing = new ReentrantLock();

  /** Guards the codec; held for no input or output. */
  private final ReentrantLock coding = new ReentrantLock();

  private final EmbeddedChannel codec =
      new EmbeddedChannel(
          new SpdyFrameCodec(SpdyVersion.SPDY_3_1, MAX_DATA, MAX_HEADERS, 6, 15, 8));
  private boolean closed;

  Frames(InputStream input, OutputStream output) {
    this.input = input;
    this.output = output;
  }

  /**
   * Waits for a frame, which is the caller's to release; empty at the end of the connection.
   *
   * @throws IOException if the connection breaks, or the peer does not speak the protocol
   */
  Optional<SpdyFrame> next() throws IOException {
    Optional<SpdyFrame> frame = decoded();
    while (frame.isEmpty()) {
      int count = input.read(buffer);
      if (count < 0) {
        return Optional.empty();
      }
      decode(count);
      frame = decoded();
    }
    return frame;
  }

  private Optional<SpdyFrame> decoded() {
    coding.lock();
    try {
      return Optional.ofNullable(codec.readInbound());
    } finally {
      coding.unlock();
    }
  }

  private void decode(int count) throws IOException {
    coding.lock();
    try {
      requireOpen();
      codec.writeInbound(Unpooled.copiedBuffer(buffer, 0, count));
    } catch (Exception e) {
      // the codec throws its own checked exception where none is declared
      throw new IOException("the peer broke the SPDY protocol: " + e.getMessage(), e);
    } finally {
      coding.unlock();
    }
  }

  /**
   * Sends a frame; blocks while the peer is slow.
   *
   * @throws IOException if the connection is closed or breaks
   */
  void write(SpdyFrame frame) throws IOException {
    writing.lock();
    try {
      encode(frame).writeTo(output);
      output.flush();
    } finally {
      writing.unlock();
    }
  }

  private ByteArrayOutputStream encode(SpdyFrame frame) throws IOException {
    coding.lock();
    try {
      requireOpen();
      codec.writeOutbound(frame);
      var bytes = new ByteArrayOutputStream(0);
      for (ByteBuf part = codec.readOutbound(); part != null; part = codec.readOutbound()) {
        try {
          part.readBytes(bytes, part.readableBytes());
        } finally {
          part.release();
        }
      }
      return bytes;
    } finally {
      coding.unlock();
    }
  }

  private void requireOpen() throws IOException {
    if (closed) {
      throw new IOException("the SPDY connection is closed");
    }
  }

  /** Frees the codec and the frames that nobody took. Idempotent. */
  @Override
  public void close() {
    coding.lock();
    try {
      if (!closed) {
        closed = true;
        codec.finishAndReleaseAll();
      }
    } finally {
      coding.unlock();
    }
  }
}
