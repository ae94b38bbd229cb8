package dev.nacelle.base.spdy;

import dev.nacelle.base.http.DuplexStream;
import dev.nacelle.base.http.Headers;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.spdy.DefaultSpdyDataFrame;
import io.netty.handler.codec.spdy.DefaultSpdyGoAwayFrame;
import io.netty.handler.codec.spdy.DefaultSpdyPingFrame;
import io.netty.handler.codec.spdy.DefaultSpdyRstStreamFrame;
import io.netty.handler.codec.spdy.DefaultSpdySynReplyFrame;
import io.netty.handler.codec.spdy.DefaultSpdySynStreamFrame;
import io.netty.handler.codec.spdy.SpdyDataFrame;
import io.netty.handler.codec.spdy.SpdyFrame;
import io.netty.handler.codec.spdy.SpdyHeadersFrame;
import io.netty.handler.codec.spdy.SpdyPingFrame;
import io.netty.handler.codec.spdy.SpdyRstStreamFrame;
import io.netty.handler.codec.spdy.SpdySessionStatus;
import io.netty.handler.codec.spdy.SpdyStreamFrame;
import io.netty.handler.codec.spdy.SpdyStreamStatus;
import io.netty.handler.codec.spdy.SpdySynStreamFrame;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One end of a SPDY/3.1 connection. Bounded: at most {@value #MAX_STREAMS} streams, and {@value
 * #MAX_WAITING} bytes that wait to be read. A thread of its own reads; pings are answered by it.
 * Safe for any thread.
 */
public final class SpdyConnection implements AutoCloseable {
  /** The name of the protocol in an {@code Upgrade} header. */
  public static final String PROTOCOL = "SPDY/3.1";

  static final int MAX_STREAMS = 2_000;
  static final int MAX_WAITING = 4 << 20;

  private static final Logger LOG = LoggerFactory.getLogger(SpdyConnection.class);
  private static final Duration LINGER = Duration.ofSeconds(2);
  private static final byte PRIORITY = 0;

  private final DuplexStream transport;
  private final Frames frames;
  private final Thread reader;

  /** The lowest bit of the peer's ids: 1 for those of a client. */
  private final int peerParity;

  /** Lets ids rise on the wire; taken before {@code lock}. */
  private final ReentrantLock opening = new ReentrantLock();

  /** Guards all below and the streams' state; held for no input or output. */
  private final ReentrantLock lock = new ReentrantLock();

  private final Condition room = lock.newCondition();
  private final Condition changed = lock.newCondition();
  private final Map<Integer, SpdyStream> streams = new HashMap<>();
  private final ArrayDeque<SpdyStream> unaccepted = new ArrayDeque<>();
  private int waiting;
  private int nextId;
  private int lastPeerId;
  private boolean closing;
  private boolean ended;

  private SpdyConnection(DuplexStream transport, int firstId) {
    this.transport = transport;
    this.frames = new Frames(transport.input(), transport.output());
    this.nextId = firstId;
    this.peerParity = 1 - (firstId & 1);
    this.reader = Thread.ofVirtual().name("spdy reader").unstarted(this::read);
  }

  /** The end of the one who accepted the connection; takes it over. */
  public static SpdyConnection ofServer(DuplexStream transport) {
    return started(new SpdyConnection(transport, 2));
  }

  /** The end of the one who asked for the connection; takes it over. */
  public static SpdyConnection ofClient(DuplexStream transport) {
    return started(new SpdyConnection(transport, 1));
  }

  private static SpdyConnection started(SpdyConnection connection) {
    connection.reader.start();
    return connection;
  }

  /**
   * Waits for the next stream that the peer opens, to be answered by {@link SpdyStream#reply} or
   * {@link SpdyStream#reset}; empty once the connection has ended.
   */
  public Optional<SpdyStream> accept() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (unaccepted.isEmpty() && !ended) {
        changed.await();
      }
      return Optional.ofNullable(unaccepted.poll());
    } finally {
      lock.unlock();
    }
  }

  /**
   * As {@link #accept()}, for so long at most.
   *
   * @return empty too when nothing came in time
   */
  public Optional<SpdyStream> accept(Duration atMost) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      long left = atMost.toNanos();
      while (unaccepted.isEmpty() && !ended && left > 0) {
        left = changed.awaitNanos(left);
      }
      return Optional.ofNullable(unaccepted.poll());
    } finally {
      lock.unlock();
    }
  }

  /**
   * Opens a stream; does not wait for the reply.
   *
   * @param headers one at least
   * @throws IOException if the connection has ended
   */
  public SpdyStream open(Headers headers) throws IOException {
    if (headers.isEmpty()) {
      throw new IllegalArgumentException("a stream needs a header");
    }
    opening.lock();
    try {
      SpdyStream stream = added(headers);
      var frame = new DefaultSpdySynStreamFrame(stream.id(), 0, PRIORITY);
      headers.forEach((name, value) -> frame.headers().add(name.toLowerCase(Locale.ROOT), value));
      frames.write(frame);
      return stream;
    } finally {
      opening.unlock();
    }
  }

  private SpdyStream added(Headers headers) throws IOException {
    lock.lock();
    try {
      if (closing || ended) {
        throw new IOException("the SPDY connection is closed");
      }
      var stream = new SpdyStream(this, nextId, headers, lock.newCondition());
      nextId += 2;
      streams.put(stream.id(), stream);
      return stream;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Ends the streams, tells the peer, gives it a moment to leave so that what was sent last is not
   * lost, and ends the connection. Idempotent.
   */
  @Override
  public void close() {
    Thread bound = Thread.ofVirtual().name("spdy linger").start(this::closeLater);
    try {
      sayGoodbye();
      reader.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    transport.close();
    bound.interrupt();
  }

  private void sayGoodbye() {
    List<Integer> open;
    int lastId;
    lock.lock();
    try {
      if (closing || ended) {
        return;
      }
      closing = true;
      // of those that have ended here the peer knows
      open = streams.values().stream().filter(s -> !s.isEnded()).map(SpdyStream::id).toList();
      lastId = lastPeerId;
      streams.values().forEach(stream -> waiting -= stream.tearDown());
      streams.clear();
      room.signalAll();
    } finally {
      lock.unlock();
    }
    open.forEach(id -> send(new DefaultSpdyRstStreamFrame(id, SpdyStreamStatus.CANCEL)));
    send(new DefaultSpdyGoAwayFrame(lastId, SpdySessionStatus.OK));
  }

  private void closeLater() {
    try {
      Thread.sleep(LINGER);
      transport.close();
    } catch (InterruptedException e) {
      // the peer left in time
      Thread.currentThread().interrupt();
    }
  }

  // --- what streams ask for ---

  ReentrantLock lock() {
    return lock;
  }

  /** A reader took bytes, or will not; the lock is held. */
  void taken(int bytes) {
    waiting -= bytes;
    room.signal();
  }

  /** What has arrived and waits to be read. */
  int waitingBytes() {
    lock.lock();
    try {
      return waiting;
    } finally {
      lock.unlock();
    }
  }

  void sendReply(SpdyStream stream) throws IOException {
    var frame = new DefaultSpdySynReplyFrame(stream.id());
    // the codec writes no block at all for no headers, which clients in Go take for a broken frame
    frame.headers().add(":status", "200");
    frames.write(frame);
  }

  void sendData(SpdyStream stream, byte[] source, int offset, int length) throws IOException {
    for (int done = 0; done < length; ) {
      int part = Math.min(Frames.MAX_DATA, length - done);
      lock.lock();
      try {
        stream.requireOpen();
      } finally {
        lock.unlock();
      }
      frames.write(
          new DefaultSpdyDataFrame(
              stream.id(), Unpooled.wrappedBuffer(source, offset + done, part)));
      done += part;
    }
  }

  void sendEnd(SpdyStream stream) {
    boolean send;
    lock.lock();
    try {
      send = stream.end();
      forgetIfOver(stream);
    } finally {
      lock.unlock();
    }
    if (send) {
      var frame = new DefaultSpdyDataFrame(stream.id());
      frame.setLast(true);
      send(frame);
    }
  }

  void reset(SpdyStream stream) {
    boolean known;
    lock.lock();
    try {
      known = streams.remove(stream.id()) != null;
      taken(stream.tearDown());
    } finally {
      lock.unlock();
    }
    if (known) {
      send(new DefaultSpdyRstStreamFrame(stream.id(), SpdyStreamStatus.CANCEL));
    }
  }

  private void forgetIfOver(SpdyStream stream) {
    if (stream.isOver()) {
      streams.remove(stream.id());
    }
  }

  /** Sends what the peer need not hear of if it has gone. */
  private void send(SpdyFrame frame) {
    try {
      frames.write(frame);
    } catch (IOException e) {
      LOG.debug("the peer has left: {}", e.getMessage());
    }
  }

  // --- the reader ---

  private void read() {
    try {
      for (Optional<SpdyFrame> next = frames.next(); next.isPresent(); next = frames.next()) {
        SpdyFrame frame = next.get();
        try {
          take(frame);
        } finally {
          ReferenceCountUtil.release(frame);
        }
      }
    } catch (IOException e) {
      LOG.debug("a SPDY connection broke: {}", e.getMessage());
    } finally {
      end();
    }
  }

  private void end() {
    lock.lock();
    try {
      ended = true;
      streams.values().forEach(SpdyStream::cut);
      streams.clear();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    // wakes whoever writes
    transport.close();
    frames.close();
  }

  private void take(SpdyFrame frame) throws IOException {
    switch (frame) {
      case SpdySynStreamFrame opened -> opened(opened);
      case SpdyDataFrame data -> data(data);
      case SpdyRstStreamFrame reset -> peerReset(reset.streamId());
      case SpdyHeadersFrame headers -> peerMayHaveEnded(headers);
      case SpdyPingFrame ping -> {
        // those with our parity would be answers to our own, and we send none
        if ((ping.id() & 1) == peerParity) {
          frames.write(new DefaultSpdyPingFrame(ping.id()));
        }
      }
      default -> LOG.trace("passed over {}", frame);
    }
  }

  private void opened(SpdySynStreamFrame frame) throws IOException {
    Optional<SpdyStreamStatus> refusal = refusal(frame);
    if (refusal.isPresent()) {
      frames.write(new DefaultSpdyRstStreamFrame(frame.streamId(), refusal.get()));
    }
  }

  /** Takes in a new stream, or says why not. */
  private Optional<SpdyStreamStatus> refusal(SpdySynStreamFrame frame) {
    Headers headers;
    try {
      headers = headers(frame);
    } catch (IllegalArgumentException e) {
      return Optional.of(SpdyStreamStatus.PROTOCOL_ERROR);
    }
    lock.lock();
    try {
      int id = frame.streamId();
      if (frame.isInvalid() || frame.isTruncated() || (id & 1) != peerParity || id <= lastPeerId) {
        return Optional.of(SpdyStreamStatus.PROTOCOL_ERROR);
      }
      lastPeerId = id;
      if (closing || streams.size() >= MAX_STREAMS) {
        return Optional.of(SpdyStreamStatus.REFUSED_STREAM);
      }
      var stream = new SpdyStream(this, id, headers, lock.newCondition());
      if (frame.isLast()) {
        stream.peerEnded();
      }
      streams.put(id, stream);
      unaccepted.add(stream);
      changed.signalAll();
      return Optional.empty();
    } finally {
      lock.unlock();
    }
  }

  private static Headers headers(SpdyHeadersFrame frame) {
    var headers = Headers.builder();
    Iterator<Map.Entry<String, String>> fields = frame.headers().iteratorAsString();
    while (fields.hasNext()) {
      Map.Entry<String, String> field = fields.next();
      headers.add(field.getKey(), field.getValue());
    }
    return headers.build();
  }

  private void data(SpdyDataFrame frame) throws IOException {
    byte[] bytes = ByteBufUtil.getBytes(frame.content());
    lock.lock();
    try {
      SpdyStream stream = streams.get(frame.streamId());
      if (stream == null) {
        // it is over, which the peer did not know yet
        return;
      }
      while (!closing && !(stream.hasRoom() && waiting <= MAX_WAITING)) {
        room.awaitUninterruptibly();
      }
      waiting += stream.offer(bytes);
      if (frame.isLast()) {
        stream.peerEnded();
        forgetIfOver(stream);
      }
    } finally {
      lock.unlock();
    }
  }

  private void peerReset(int id) {
    lock.lock();
    try {
      SpdyStream stream = streams.remove(id);
      if (stream != null) {
        stream.cut();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Headers and replies say nothing here but their end. */
  private void peerMayHaveEnded(SpdyStreamFrame frame) {
    if (!frame.isLast()) {
      return;
    }
    lock.lock();
    try {
      SpdyStream stream = streams.get(frame.streamId());
      if (stream != null) {
        stream.peerEnded();
        forgetIfOver(stream);
      }
    } finally {
      lock.unlock();
    }
  }
}
