package dev.nacelle.base.http;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameCodec;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.flush.FlushConsolidationHandler;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.ApplicationProtocolNegotiationHandler;
import io.netty.handler.ssl.SslHandler;
import java.time.Duration;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Furnishes accepted connections. */
final class ServerPipeline extends ChannelInitializer<Channel> {
  private static final Logger LOG = LoggerFactory.getLogger(ServerPipeline.class);
  private static final Duration HANDSHAKE = Duration.ofSeconds(60);
  private static final int STREAM_WINDOW_BYTES = 256 << 10;
  private static final int CONNECTION_WINDOW_BYTES = 4 << 20;
  private static final int RESETS_PER_WINDOW = 20_000;
  private static final int RESET_WINDOW_SECONDS = 30;

  private final HttpServer server;
  private final Optional<TlsContexts> tls;

  ServerPipeline(HttpServer server, Optional<TlsContexts> tls) {
    this.server = server;
    this.tls = tls;
  }

  @Override
  protected void initChannel(Channel channel) throws Exception {
    var connection = new ServerConnection(server, channel);
    if (!server.admit(connection)) {
      channel.close();
      return;
    }
    if (tls.isEmpty()) {
      speakHttp1(channel.pipeline(), connection);
      return;
    }
    SslHandler handler = tls.get().present().newHandler(channel.alloc());
    handler.setHandshakeTimeoutMillis(HANDSHAKE.toMillis());
    channel.pipeline().addLast(new PlainRequests(), handler, new Negotiation(connection));
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    LOG.error("cannot set up a connection", cause);
    ctx.close();
  }

  /** Waits for the handshake, then goes on with the protocol that was agreed on. */
  private final class Negotiation extends ApplicationProtocolNegotiationHandler {
    private final ServerConnection connection;

    Negotiation(ServerConnection connection) {
      super(ApplicationProtocolNames.HTTP_1_1);
      this.connection = connection;
    }

    @Override
    protected void configurePipeline(ChannelHandlerContext ctx, String protocol) {
      connection.secured(ctx.pipeline().get(SslHandler.class));
      if (protocol.equals(ApplicationProtocolNames.HTTP_2)) {
        speakHttp2(ctx.pipeline(), connection);
      } else {
        speakHttp1(ctx.pipeline(), connection);
      }
    }

    @Override
    protected void handshakeFailure(ChannelHandlerContext ctx, Throwable cause) {
      LOG.debug("TLS handshake with {} failed", connection.remoteAddress(), cause);
      ctx.close();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      LOG.debug("connection from {} broke", connection.remoteAddress(), cause);
      ctx.close();
    }
  }

  private void speakHttp1(ChannelPipeline pipeline, ServerConnection connection) {
    int limit = server.limits().headerBytes();
    var config =
        new HttpDecoderConfig()
            .setMaxInitialLineLength(limit)
            .setMaxHeaderSize(limit)
            .setMaxChunkSize(64 << 10);
    pipeline.addLast(new HttpRequestDecoder(config), new Http1Connection(connection));
  }

  private void speakHttp2(ChannelPipeline pipeline, ServerConnection connection) {
    connection.speaksHttp2();
    Http2FrameCodec codec =
        Http2FrameCodecBuilder.forServer()
            .initialSettings(
                Http2Settings.defaultSettings()
                    .maxConcurrentStreams(server.limits().streamsPerConnection())
                    .maxHeaderListSize(server.limits().headerBytes())
                    .initialWindowSize(STREAM_WINDOW_BYTES))
            // clients end each watch with a reset: many are no attack
            .decoderEnforceMaxRstFramesPerWindow(RESETS_PER_WINDOW, RESET_WINDOW_SECONDS)
            .gracefulShutdownTimeoutMillis(0)
            .build();
    pipeline.addLast(new FlushConsolidationHandler(256, true), codec);
    pipeline.addLast(
        new Http2MultiplexHandler(
            new ChannelInitializer<>() {
              @Override
              protected void initChannel(Channel stream) {
                stream.pipeline().addLast(new Http2Stream(connection));
              }
            }));
    widenWindow(codec.connection());
  }

  private static void widenWindow(Http2Connection connection) {
    try {
      connection
          .local()
          .flowController()
          .incrementWindowSize(connection.connectionStream(), CONNECTION_WINDOW_BYTES - 65_535);
    } catch (Http2Exception e) {
      LOG.debug("the connection window stays small", e);
    }
  }
}
