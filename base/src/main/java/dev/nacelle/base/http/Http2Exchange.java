package dev.nacelle.base.http;

import dev.nacelle.base.bytes.Bytes;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.DefaultHttp2ResetFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/** One request over HTTP/2. */
final class Http2Exchange extends Exchange {
  private static final AsciiString DATE = AsciiString.cached("date");
  private static final AsciiString LENGTH = AsciiString.cached("content-length");

  private static final int DRAIN_MILLIS = 2_000;

  private final ChannelHandlerContext context;

  /** Written on the loop alone, as all below. */
  private boolean requestEnded;

  private boolean answerEnded;
  private boolean returned;
  private boolean counted = true;
  private long drained;

  Http2Exchange(
      ServerConnection connection,
      ChannelHandlerContext context,
      String method,
      RequestTarget target,
      Headers headers,
      RequestBody body) {
    super(connection, method, target, headers, body);
    this.context = context;
  }

  @Override
  public String protocol() {
    return "HTTP/2.0";
  }

  /** The request has come whole; on the loop. */
  void requestEnded() {
    requestEnded = true;
    requestBody().end();
  }

  /** More of the request has come; on the loop. */
  void bodyCame(int sizeBytes) {
    if (returned) {
      drained += sizeBytes;
      if (drained > DRAINED_BYTES) {
        context.channel().config().setAutoRead(false);
      }
    }
  }

  private Http2Headers head(int status, Headers answer) {
    var head = new DefaultHttp2Headers(false, answer.size() + 3);
    head.status(AsciiString.of(Integer.toString(status)));
    answer.forEach(
        (name, value) -> {
          String lower = name.toLowerCase(Locale.ROOT);
          switch (lower) {
            case "connection",
                "keep-alive",
                "proxy-connection",
                "transfer-encoding",
                "upgrade",
                "content-length",
                "date" -> {}
            default -> head.add(lower, value);
          }
        });
    head.set(DATE, Http1Head.date());
    return head;
  }

  @Override
  void sendWhole(int status, Headers answer, Bytes content) {
    Http2Headers head = head(status, answer);
    boolean bare = status == 204 || status == 304;
    if (!bare) {
      head.set(LENGTH, Integer.toString(content.sizeBytes()));
    }
    if (bare || content.isEmpty() || method().equals("HEAD")) {
      context.writeAndFlush(new DefaultHttp2HeadersFrame(head, true));
    } else {
      context.write(new DefaultHttp2HeadersFrame(head, false));
      context.writeAndFlush(new DefaultHttp2DataFrame(Http1Exchange.wrap(List.of(content)), true));
    }
    answerEnded();
  }

  @Override
  void sendHead(int status, Headers answer) {
    Http2Headers head = head(status, answer);
    answer.first("content-length").ifPresent(length -> head.set(LENGTH, length));
    context.write(new DefaultHttp2HeadersFrame(head, false));
  }

  @Override
  void sendPart(List<Bytes> parts, int sizeBytes, Runnable sent) {
    if (sizeBytes == 0 || method().equals("HEAD")) {
      context.flush();
      sent.run();
      return;
    }
    context
        .writeAndFlush(new DefaultHttp2DataFrame(Http1Exchange.wrap(parts), false))
        .addListener(done -> sent.run());
  }

  @Override
  void sendBuffer(ByteBuf content, Runnable sent) {
    if (method().equals("HEAD")) {
      content.release();
      sent.run();
      return;
    }
    context
        .writeAndFlush(new DefaultHttp2DataFrame(content, false))
        .addListener(done -> sent.run());
  }

  @Override
  void sendEnd() {
    context.writeAndFlush(new DefaultHttp2DataFrame(true));
    answerEnded();
  }

  private void answerEnded() {
    answerEnded = true;
    settle();
  }

  @Override
  void handlerReturned() {
    returned = true;
    settle();
  }

  /** The rest of the request is of no use to anybody: RFC 9113, section 8.1. */
  private void hangUp() {
    if (!requestEnded && context.channel().isActive()) {
      context.writeAndFlush(new DefaultHttp2ResetFrame(Http2Error.NO_ERROR));
    }
  }

  @Override
  void cut() {
    answerEnded = true;
    context.writeAndFlush(new DefaultHttp2ResetFrame(Http2Error.INTERNAL_ERROR));
    settle();
  }

  /** The stream has gone; on the loop. */
  void lost() {
    answerEnded = true;
    closed();
    settle();
  }

  /** A handler that still runs counts, so that a client cannot pile up work by resetting. */
  private void settle() {
    if (counted && answerEnded && returned) {
      counted = false;
      connection().end();
      if (!requestEnded) {
        // some clients drop an answer that a reset follows at once
        context.executor().schedule(this::hangUp, DRAIN_MILLIS, TimeUnit.MILLISECONDS);
      }
    }
  }

  @Override
  public boolean isWebSocketUpgrade() {
    return false;
  }

  @Override
  public WebSocket acceptWebSocket(List<String> subprotocols, int maxFrameBytes)
      throws UpgradeRefusedException {
    throw refuse();
  }

  @Override
  public DuplexStream upgrade(String protocol, Headers answer) throws UpgradeRefusedException {
    throw refuse();
  }

  private UpgradeRefusedException refuse() {
    String why = "connections are upgraded over HTTP/1.1 only";
    respond(400, Headers.contentType("text/plain; charset=utf-8"), Bytes.utf8(why + "\n"));
    return new UpgradeRefusedException(400, why);
  }
}
