package dev.nacelle.base.http;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.util.concurrent.ScheduledFuture;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An HTTP server on one address: HTTP/1.1, over TLS also HTTP/2 by ALPN. Calls its handler on one
 * virtual thread per request. Safe for any thread.
 */
public final class HttpServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(HttpServer.class);
  private static final int DEAD_PEER_MILLIS = 60_000;

  private final HttpHandler handler;
  private final HttpLimits limits;
  private final Optional<TlsContexts> tls;
  private final Set<ServerConnection> connections = ConcurrentHashMap.newKeySet();
  private final ThreadFactory threads =
      Thread.ofVirtual().name("http-request").inheritInheritableThreadLocals(false).factory();
  private final SocketAddress requested;
  private volatile @Nullable Channel listener;
  private volatile @Nullable ScheduledFuture<?> sweeper;
  private volatile boolean closing;

  private HttpServer(Builder builder, Optional<TlsContexts> tls) {
    this.handler = builder.handler;
    this.limits = builder.limits;
    this.requested = builder.address;
    this.tls = tls;
  }

  /** A server for {@code handler}; address and the rest come from the builder. */
  public static Builder builder(EventLoops loops, HttpHandler handler) {
    return new Builder(loops, handler);
  }

  /** The address it listens on, with the real port. */
  public SocketAddress address() {
    Channel channel = listener;
    return requested instanceof UnixDomainSocketAddress || channel == null
        ? requested
        : channel.localAddress();
  }

  /** The port it listens on; 0 for a unix domain socket. */
  public int port() {
    return address() instanceof InetSocketAddress address ? address.getPort() : 0;
  }

  HttpHandler handler() {
    return handler;
  }

  HttpLimits limits() {
    return limits;
  }

  /** Runs an exchange on a thread of its own. */
  void dispatch(Runnable exchange) {
    threads.newThread(exchange).start();
  }

  void runApart(Runnable action) {
    Thread.ofVirtual().name("http-close").start(action);
  }

  /** Counts a new connection; false when there is no room for it. */
  boolean admit(ServerConnection connection) {
    if (closing || connections.size() >= limits.connections()) {
      LOG.warn(
          "connection from {} refused: {} are open",
          connection.remoteAddress(),
          connections.size());
      return false;
    }
    connections.add(connection);
    connection.channel().closeFuture().addListener(done -> connections.remove(connection));
    return true;
  }

  void leaveHttp(ChannelPipeline pipeline) {
    pipeline.remove(HttpRequestDecoder.class);
  }

  private void start(ServerBootstrap bootstrap, SocketAddress address) throws IOException {
    ChannelFuture bound = bootstrap.bind(address).awaitUninterruptibly();
    if (!bound.isSuccess()) {
      Throwable cause = bound.cause();
      throw new IOException(
          "cannot listen on " + requested + ": " + (cause == null ? "" : cause.getMessage()),
          cause);
    }
    listener = bound.channel();
    long period = Math.max(100, limits.idle().toMillis() / 4);
    sweeper =
        bound
            .channel()
            .eventLoop()
            .scheduleAtFixedRate(this::closeIdle, period, period, TimeUnit.MILLISECONDS);
  }

  private void closeIdle() {
    long now = System.nanoTime();
    for (ServerConnection connection : connections) {
      if (connection.isQuietFor(limits.idle().toNanos(), now)) {
        connection.onLoop(connection::closeWhenQuiet);
      }
    }
  }

  /**
   * Stops accepting, lets requests under way end for at most {@code grace} (HTTP/2 clients are told
   * to go away), then cuts what is left. Blocks until all connections are closed. Idempotent.
   */
  public void close(Duration grace) {
    closing = true;
    Channel channel = listener;
    if (channel == null) {
      return;
    }
    ScheduledFuture<?> sweeping = sweeper;
    if (sweeping != null) {
      sweeping.cancel(false);
    }
    channel.close().awaitUninterruptibly();
    connections.forEach(connection -> connection.onLoop(connection::closeWhenQuiet));
    awaitConnections(grace);
    connections.forEach(connection -> connection.channel().close());
    awaitConnections(Duration.ofSeconds(5));
    tls.ifPresent(TlsContexts::close);
    if (requested instanceof UnixDomainSocketAddress unix) {
      try {
        Files.deleteIfExists(unix.getPath());
      } catch (IOException e) {
        LOG.warn("cannot remove the socket {}", unix, e);
      }
    }
  }

  private void awaitConnections(Duration atMost) {
    long deadline = System.nanoTime() + atMost.toNanos();
    for (ServerConnection connection : connections) {
      long left = deadline - System.nanoTime();
      if (left <= 0) {
        return;
      }
      connection.channel().closeFuture().awaitUninterruptibly(left, TimeUnit.NANOSECONDS);
    }
  }

  /** Cuts all connections at once. */
  @Override
  public void close() {
    close(Duration.ZERO);
  }

  /** Settings of a server; for one thread. */
  public static final class Builder {
    private final EventLoops loops;
    private final HttpHandler handler;
    private SocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    private Optional<ServerTls> tls = Optional.empty();
    private HttpLimits limits = HttpLimits.DEFAULT;

    private Builder(EventLoops loops, HttpHandler handler) {
      this.loops = loops;
      this.handler = handler;
    }

    /**
     * An {@code InetSocketAddress} (port 0: any free port; the default is that on loopback), or a
     * {@code UnixDomainSocketAddress}: a stale socket file is replaced, the new one has mode 0600.
     */
    public Builder bind(SocketAddress newAddress) {
      address = newAddress;
      return this;
    }

    /** Speaks TLS; without it plain HTTP/1.1. */
    public Builder tls(ServerTls newTls) {
      tls = Optional.of(newTls);
      return this;
    }

    public Builder limits(HttpLimits newLimits) {
      limits = newLimits;
      return this;
    }

    /**
     * Binds and begins to serve.
     *
     * @throws IOException if the address cannot be bound, for example because it is in use
     */
    public HttpServer start() throws IOException {
      Optional<TlsContexts> contexts =
          tls.isPresent() ? Optional.of(new TlsContexts(tls.get())) : Optional.empty();
      var server = new HttpServer(this, contexts);
      var bootstrap =
          new ServerBootstrap()
              .group(loops.group())
              .channel(loops.serverChannel(address))
              .option(ChannelOption.SO_BACKLOG, 4096)
              .childHandler(new ServerPipeline(server, contexts));
      try {
        if (address instanceof UnixDomainSocketAddress unix) {
          Files.deleteIfExists(unix.getPath());
          server.start(
              bootstrap, loops.isEpoll() ? new DomainSocketAddress(unix.getPath().toFile()) : unix);
          Files.setPosixFilePermissions(
              unix.getPath(), PosixFilePermissions.fromString("rw-------"));
        } else {
          tcpOptions(bootstrap);
          server.start(bootstrap, address);
        }
      } catch (IOException e) {
        contexts.ifPresent(TlsContexts::close);
        throw e;
      }
      return server;
    }

    private void tcpOptions(ServerBootstrap bootstrap) {
      bootstrap
          .option(ChannelOption.SO_REUSEADDR, true)
          .childOption(ChannelOption.TCP_NODELAY, true)
          .childOption(ChannelOption.SO_KEEPALIVE, true);
      if (loops.isEpoll()) {
        // a peer that vanished without a word is noticed within a minute
        bootstrap
            .childOption(EpollChannelOption.TCP_KEEPIDLE, 30)
            .childOption(EpollChannelOption.TCP_KEEPINTVL, 10)
            .childOption(EpollChannelOption.TCP_KEEPCNT, 3)
            .childOption(EpollChannelOption.TCP_USER_TIMEOUT, DEAD_PEER_MILLIS);
      }
    }
  }
}
