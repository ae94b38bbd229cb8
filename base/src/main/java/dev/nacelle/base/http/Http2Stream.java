package dev.nacelle.base.http;

import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.DefaultHttp2ResetFrame;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2ResetFrame;
import io.netty.util.ReferenceCountUtil;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One stream of an HTTP/2 connection: one request. All of it runs on the connection's loop. */
final class Http2Stream extends ChannelInboundHandlerAdapter implements RequestBody.Source {
  private static final Logger LOG = LoggerFactory.getLogger(Http2Stream.class);
  private static final Duration BODY_PATIENCE = Duration.ofSeconds(60);

  private final ServerConnection connection;
  private @Nullable ChannelHandlerContext context;
  private @Nullable Http2Exchange exchange;

  Http2Stream(ServerConnection connection) {
    this.connection = connection;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    context = ctx;
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object frame) {
    try {
      switch (frame) {
        case Http2HeadersFrame headers when exchange == null -> begin(ctx, headers);
        case Http2HeadersFrame trailers -> ended(trailers.isEndStream());
        case Http2DataFrame data -> {
          Http2Exchange running = exchange;
          if (running != null) {
            running.bodyCame(data.content().readableBytes());
            running.requestBody().offer(ByteBufUtil.getBytes(data.content()));
          }
          ended(data.isEndStream());
        }
        default -> {}
      }
    } finally {
      ReferenceCountUtil.release(frame);
    }
  }

  private void ended(boolean last) {
    Http2Exchange running = exchange;
    if (last && running != null) {
      running.requestEnded();
    }
  }

  private void begin(ChannelHandlerContext ctx, Http2HeadersFrame frame) {
    Http2Headers headers = frame.headers();
    CharSequence path = headers.path();
    CharSequence method = headers.method();
    Optional<RequestTarget> target =
        path == null ? Optional.empty() : RequestTarget.parse(path.toString());
    if (target.isEmpty() || method == null) {
      ctx.writeAndFlush(
          new DefaultHttp2HeadersFrame(new DefaultHttp2Headers().status("400"), true));
      return;
    }
    if (connection.active() >= connection.server().limits().streamsPerConnection()) {
      ctx.writeAndFlush(new DefaultHttp2ResetFrame(Http2Error.REFUSED_STREAM));
      return;
    }
    Headers fields = fields(headers);
    RequestBody body =
        frame.isEndStream()
            ? RequestBody.none()
            : new RequestBody(this, BODY_PATIENCE, length(fields));
    var begun = new Http2Exchange(connection, ctx, method.toString(), target.get(), fields, body);
    exchange = begun;
    if (frame.isEndStream()) {
      begun.requestEnded();
    }
    connection.begin();
    connection.server().dispatch(begun);
  }

  private static long length(Headers fields) {
    try {
      return fields.first("content-length").map(Long::parseLong).orElse(-1L);
    } catch (NumberFormatException e) {
      return -1;
    }
  }

  private static Headers fields(Http2Headers headers) {
    var fields = new ArrayList<String>(headers.size() * 2);
    for (Map.Entry<CharSequence, CharSequence> field : headers) {
      String name = field.getKey().toString();
      if (name.equals(":authority")) {
        fields.add("host");
        fields.add(field.getValue().toString());
      } else if (!name.startsWith(":")) {
        fields.add(name);
        fields.add(field.getValue().toString());
      }
    }
    return Headers.trusted(fields.toArray(new String[0]));
  }

  @Override
  public void pause() {
    ChannelHandlerContext ctx = context;
    if (ctx != null) {
      ctx.channel().config().setAutoRead(false);
    }
  }

  @Override
  public void resume() {
    ChannelHandlerContext ctx = context;
    if (ctx != null) {
      connection.onLoop(() -> ctx.channel().config().setAutoRead(true));
    }
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    if (event instanceof Http2ResetFrame) {
      lost();
    }
    ReferenceCountUtil.release(event);
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    lost();
  }

  private void lost() {
    Http2Exchange running = exchange;
    if (running != null) {
      running.lost();
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    LOG.debug("stream from {} broke", connection.remoteAddress(), cause);
    ctx.close();
  }
}
