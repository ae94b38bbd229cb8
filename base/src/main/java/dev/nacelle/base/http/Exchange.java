package dev.nacelle.base.http;

import dev.nacelle.base.bytes.Bytes;
import io.netty.buffer.ByteBuf;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketAddress;
import java.nio.channels.FileChannel;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What exchanges of both protocol versions have in common. The handler's virtual thread runs it;
 * the methods named "on the loop" belong to the connection's event loop.
 */
abstract class Exchange implements HttpExchange, Runnable {
  private static final Logger LOG = LoggerFactory.getLogger(Exchange.class);

  /** How much of a request is still taken once it was answered. */
  static final int DRAINED_BYTES = 16 << 20;

  private static final int FILE_PIECE_BYTES = 128 << 10;

  private final ServerConnection connection;
  private final RequestTarget target;
  private final String method;
  private final Headers headers;
  private final RequestBody body;
  private final AtomicBoolean answered = new AtomicBoolean();
  private @Nullable QueryParameters query;
  private volatile @Nullable StreamingAnswer streaming;

  /** Guarded by itself; null once the exchange is closed. */
  private final Object closeLock = new Object();

  private @Nullable List<Runnable> closeActions;
  private volatile boolean closed;

  Exchange(
      ServerConnection connection,
      String method,
      RequestTarget target,
      Headers headers,
      RequestBody body) {
    this.connection = connection;
    this.method = method;
    this.target = target;
    this.headers = headers;
    this.body = body;
  }

  /** Sends a whole answer; on the loop. */
  abstract void sendWhole(int status, Headers answer, Bytes content);

  /** Sends the head of a streamed answer, without a flush; on the loop. */
  abstract void sendHead(int status, Headers answer);

  /** Sends a part of a streamed answer and flushes; on the loop. */
  abstract void sendPart(List<Bytes> parts, int sizeBytes, Runnable sent);

  /** Sends a buffer of a streamed answer and flushes, releases it; on the loop. */
  abstract void sendBuffer(ByteBuf content, Runnable sent);

  /** Ends a streamed answer; on the loop. */
  abstract void sendEnd();

  /** Ends the answer in a way that the client sees as an error; on the loop. */
  abstract void cut();

  /** The handler has returned; on the loop. */
  abstract void handlerReturned();

  /** The next part of a file outside the heap, at least a byte of it. */
  final ByteBuf pieceOf(FileChannel file, long offset, long mostBytes) throws IOException {
    int wanted = (int) Math.min(FILE_PIECE_BYTES, mostBytes);
    ByteBuf piece = connection.channel().alloc().directBuffer(wanted, wanted);
    try {
      while (piece.isWritable()) {
        if (piece.writeBytes(file, offset + piece.readableBytes(), piece.writableBytes()) < 0) {
          throw new EOFException("the file ended before its announced end");
        }
      }
      return piece;
    } catch (IOException | RuntimeException e) {
      piece.release();
      throw e;
    }
  }

  final ServerConnection connection() {
    return connection;
  }

  final void onLoop(Runnable task) {
    connection.onLoop(task);
  }

  final RequestBody requestBody() {
    return body;
  }

  /** Claims the one answer. */
  final void claimAnswer() {
    if (!answered.compareAndSet(false, true)) {
      throw new IllegalStateException("the exchange was answered before");
    }
  }

  @Override
  public final void run() {
    boolean failed = true;
    try {
      connection.server().handler().handle(this);
      failed = false;
    } catch (BodyTooLargeException e) {
      answerFailure(413, "the request body is too large");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      answerFailure(503, "the server is shutting down");
    } catch (Exception | StackOverflowError e) {
      if (isClosed() && e instanceof IOException) {
        LOG.debug("client left during {} {}", method, target.rawPath(), e);
      } else if (!(e instanceof UpgradeRefusedException)) {
        LOG.error("cannot answer {} {}", method, target.rawPath(), e);
      }
      answerFailure(500, "internal error");
    } finally {
      finish(failed);
    }
  }

  private void answerFailure(int status, String text) {
    if (!answered.get()) {
      respond(status, Headers.contentType("text/plain; charset=utf-8"), Bytes.utf8(text + "\n"));
    }
  }

  private void finish(boolean failed) {
    if (!answered.get()) {
      if (!failed) {
        LOG.error("no answer from the handler to {} {}", method, target.rawPath());
      }
      answerFailure(500, "internal error");
    }
    StreamingAnswer stream = streaming;
    if (stream != null) {
      if (failed) {
        stream.abort();
      } else {
        stream.close();
      }
    }
    body.discard();
    onLoop(this::handlerReturned);
    closed();
  }

  /** The client has gone or all is done: wakes whoever waits. Any thread, idempotent. */
  final void closed() {
    List<Runnable> actions;
    synchronized (closeLock) {
      if (closed) {
        return;
      }
      closed = true;
      actions = closeActions;
      closeActions = null;
    }
    body.fail("the client has left");
    StreamingAnswer stream = streaming;
    if (stream != null) {
      stream.cutOff();
    }
    if (actions != null) {
      actions.forEach(connection.server()::runApart);
    }
  }

  @Override
  public final boolean isClosed() {
    return closed;
  }

  @Override
  public final void onClose(Runnable action) {
    synchronized (closeLock) {
      if (!closed) {
        if (closeActions == null) {
          closeActions = new ArrayList<>(1);
        }
        closeActions.add(action);
        return;
      }
    }
    connection.server().runApart(action);
  }

  @Override
  public final void respond(int status, Headers answer, Bytes content) {
    claimAnswer();
    Optional<Bytes> compressed = GzipBodies.compress(headers, answer, content);
    if (compressed.isPresent()) {
      Headers encoded =
          answer.toBuilder().add("content-encoding", "gzip").add("vary", "accept-encoding").build();
      onLoop(() -> sendWhole(status, encoded, compressed.get()));
    } else {
      onLoop(() -> sendWhole(status, answer, content));
    }
  }

  @Override
  public final ResponseStream respondStreaming(int status, Headers answer) {
    claimAnswer();
    var stream = new StreamingAnswer(this, status, answer);
    streaming = stream;
    if (closed) {
      stream.cutOff();
    }
    return stream;
  }

  @Override
  public final String method() {
    return method;
  }

  @Override
  public final String rawPath() {
    return target.rawPath();
  }

  @Override
  public final String path() {
    return target.path();
  }

  @Override
  public final String rawQuery() {
    return target.rawQuery();
  }

  @Override
  public final QueryParameters query() {
    QueryParameters parsed = query;
    if (parsed == null) {
      parsed = QueryParameters.parse(target.rawQuery());
      query = parsed;
    }
    return parsed;
  }

  @Override
  public final Headers headers() {
    return headers;
  }

  @Override
  public final boolean isSecure() {
    return connection.isSecure();
  }

  @Override
  public final List<X509Certificate> peerCertificates() {
    return connection.peerCertificates();
  }

  @Override
  public final SocketAddress remoteAddress() {
    return connection.remoteAddress();
  }

  @Override
  public final <T> T perConnection(Class<T> type, Supplier<T> make) {
    return connection.attribute(type, make);
  }

  @Override
  public final boolean hasBody() {
    return body != RequestBody.none();
  }

  @Override
  public final Bytes body(int maxBytes) throws IOException {
    return body.readAll(maxBytes);
  }

  @Override
  public final InputStream bodyStream() {
    return body;
  }
}
