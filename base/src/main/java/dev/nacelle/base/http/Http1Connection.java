package dev.nacelle.base.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.TooLongFrameException;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The requests of one HTTP/1.1 connection, one after the other: those that a client sends ahead
 * wait here. All of it runs on the connection's loop.
 */
final class Http1Connection extends ChannelInboundHandlerAdapter implements RequestBody.Source {
  private static final Logger LOG = LoggerFactory.getLogger(Http1Connection.class);
  private static final Duration BODY_PATIENCE = Duration.ofSeconds(60);
  private static final int AHEAD = 32;
  private static final byte[] CONTINUE =
      "HTTP/1.1 100 Continue\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

  private final ServerConnection connection;
  private final ArrayDeque<HttpObject> ahead = new ArrayDeque<>(4);
  private @Nullable ChannelHandlerContext context;
  private @Nullable Http1Exchange current;
  private @Nullable RequestBody raw;
  private boolean requestComplete;
  private boolean answerComplete;
  private boolean drainingAhead;
  private boolean bodyPaused;
  private int drained;

  Http1Connection(ServerConnection connection) {
    this.connection = connection;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    context = ctx;
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    if (message instanceof ByteBuf bytes) {
      try {
        if (raw != null) {
          raw.offer(ByteBufUtil.getBytes(bytes));
        }
      } finally {
        bytes.release();
      }
      return;
    }
    if (!(message instanceof HttpObject part)) {
      ReferenceCountUtil.release(message);
      return;
    }
    if (!ahead.isEmpty() || (part instanceof HttpRequest && current != null)) {
      ahead.add(part);
      updateReading(ctx);
    } else {
      take(ctx, part);
    }
  }

  private void take(ChannelHandlerContext ctx, HttpObject part) {
    if (part.decoderResult().isFailure()) {
      ReferenceCountUtil.release(part);
      refuse(ctx, part.decoderResult().cause());
      return;
    }
    if (part instanceof HttpRequest request) {
      begin(ctx, request);
    }
    if (part instanceof HttpContent content) {
      try {
        Http1Exchange exchange = current;
        if (exchange != null && !requestComplete) {
          body(ctx, exchange, content);
        }
      } finally {
        content.release();
      }
    }
  }

  private void begin(ChannelHandlerContext ctx, HttpRequest request) {
    Optional<RequestTarget> target = RequestTarget.parse(request.uri());
    if (target.isEmpty()) {
      answerAndClose(ctx, 400, "bad request target");
      return;
    }
    boolean chunked = HttpUtil.isTransferEncodingChunked(request);
    long length = chunked ? -1 : HttpUtil.getContentLength(request, 0L);
    RequestBody body =
        chunked || length > 0 ? new RequestBody(this, BODY_PATIENCE, length) : RequestBody.none();
    boolean keepAlive =
        HttpUtil.isKeepAlive(request) && request.protocolVersion().equals(HttpVersion.HTTP_1_1);
    var exchange =
        new Http1Exchange(
            connection,
            this,
            ctx,
            request.method().name(),
            target.get(),
            headers(request.headers()),
            body,
            keepAlive,
            request.protocolVersion().equals(HttpVersion.HTTP_1_0));
    current = exchange;
    requestComplete = false;
    answerComplete = false;
    drained = 0;
    if (HttpUtil.is100ContinueExpected(request)) {
      ctx.writeAndFlush(Unpooled.wrappedBuffer(CONTINUE));
    }
    connection.begin();
    connection.server().dispatch(exchange);
  }

  private static Headers headers(HttpHeaders headers) {
    String[] fields = new String[headers.size() * 2];
    int at = 0;
    var fieldsOfRequest = headers.iteratorCharSequence();
    while (fieldsOfRequest.hasNext()) {
      Map.Entry<CharSequence, CharSequence> field = fieldsOfRequest.next();
      fields[at++] = field.getKey().toString();
      fields[at++] = field.getValue().toString();
    }
    return Headers.trusted(fields);
  }

  private void body(ChannelHandlerContext ctx, Http1Exchange exchange, HttpContent content) {
    int size = content.content().readableBytes();
    if (size > 0) {
      exchange.requestBody().offer(ByteBufUtil.getBytes(content.content()));
      if (answerComplete) {
        drained += size;
        if (drained > Exchange.DRAINED_BYTES) {
          ctx.close();
          return;
        }
      }
    }
    if (content instanceof LastHttpContent) {
      requestComplete = true;
      exchange.requestBody().end();
      next(ctx);
    }
  }

  private void refuse(ChannelHandlerContext ctx, Throwable cause) {
    LOG.debug("refused a request from {}", connection.remoteAddress(), cause);
    if (cause instanceof TooLongFrameException) {
      answerAndClose(ctx, 431, "request header fields too large");
    } else {
      answerAndClose(ctx, 400, "bad request");
    }
  }

  private void answerAndClose(ChannelHandlerContext ctx, int status, String text) {
    Http1Exchange exchange = current;
    if (exchange != null) {
      exchange.closed();
      ctx.close();
      return;
    }
    ByteBuf answer = ctx.alloc().ioBuffer(256);
    Http1Head.encodeRefusal(answer, status, text);
    ctx.writeAndFlush(answer).addListener(done -> ctx.close());
  }

  /** The whole answer was handed to the socket. */
  void answered(ChannelHandlerContext ctx, Http1Exchange exchange, boolean reusable) {
    if (exchange != current || answerComplete) {
      return;
    }
    answerComplete = true;
    if (!reusable) {
      ctx.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(done -> ctx.close());
      return;
    }
    next(ctx);
  }

  private void next(ChannelHandlerContext ctx) {
    if (current == null || !requestComplete || !answerComplete || !ctx.channel().isWritable()) {
      return;
    }
    current = null;
    connection.end();
    if (drainingAhead) {
      return;
    }
    drainingAhead = true;
    try {
      while (!ahead.isEmpty() && (current == null || !(ahead.peek() instanceof HttpRequest))) {
        take(ctx, ahead.poll());
      }
    } finally {
      drainingAhead = false;
    }
    updateReading(ctx);
  }

  /** Turns the connection over to raw bytes. */
  void upgraded(ChannelHandlerContext ctx, RequestBody input) {
    raw = input;
    connection.server().leaveHttp(ctx.pipeline());
  }

  boolean isCurrent(Http1Exchange exchange) {
    return exchange == current;
  }

  @Override
  public void pause() {
    bodyPaused = true;
    updateReading(required());
  }

  @Override
  public void resume() {
    ChannelHandlerContext ctx = required();
    connection.onLoop(
        () -> {
          bodyPaused = false;
          updateReading(ctx);
        });
  }

  private ChannelHandlerContext required() {
    ChannelHandlerContext ctx = context;
    if (ctx == null) {
      throw new IllegalStateException("not in a pipeline");
    }
    return ctx;
  }

  private void updateReading(ChannelHandlerContext ctx) {
    boolean read = !bodyPaused && ahead.size() < AHEAD;
    if (ctx.channel().config().isAutoRead() != read) {
      ctx.channel().config().setAutoRead(read);
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    next(ctx);
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    RequestBody input = raw;
    if (input != null) {
      input.end();
    }
    Http1Exchange exchange = current;
    current = null;
    if (exchange != null) {
      exchange.connectionLost();
      connection.end();
    }
    while (!ahead.isEmpty()) {
      ReferenceCountUtil.release(ahead.poll());
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    LOG.debug("connection from {} broke", connection.remoteAddress(), cause);
    ctx.close();
  }
}
