package dev.nacelle.base.http;

import io.netty.channel.Channel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.handler.codec.http2.DefaultHttp2GoAwayFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.ssl.SslHandler;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One accepted connection: what its exchanges share. Counters are written by its event loop alone.
 */
final class ServerConnection {
  private static final Logger LOG = LoggerFactory.getLogger(ServerConnection.class);
  private static final int LEAVE_MILLIS = 500;

  private final HttpServer server;
  private final Channel channel;
  private final ConcurrentMap<Class<?>, Object> attributes = new ConcurrentHashMap<>(2);
  private volatile boolean secure;
  private volatile List<X509Certificate> peerCertificates = List.of();
  private volatile int active;
  private volatile long quietSinceNanos = System.nanoTime();
  private volatile boolean closing;
  private volatile boolean http2;

  ServerConnection(HttpServer server, Channel channel) {
    this.server = server;
    this.channel = channel;
  }

  HttpServer server() {
    return server;
  }

  Channel channel() {
    return channel;
  }

  /** Runs a task on the loop; not at all once the loops have ended, for nobody is left then. */
  void onLoop(Runnable task) {
    try {
      channel.eventLoop().execute(task);
    } catch (RejectedExecutionException e) {
      LOG.debug("the event loops have ended", e);
    }
  }

  /** Takes over what the finished TLS handshake found out. */
  void secured(SslHandler tls) {
    secure = true;
    try {
      peerCertificates =
          Arrays.stream(tls.engine().getSession().getPeerCertificates())
              .filter(X509Certificate.class::isInstance)
              .map(X509Certificate.class::cast)
              .toList();
    } catch (SSLPeerUnverifiedException e) {
      peerCertificates = List.of();
    }
  }

  void speaksHttp2() {
    http2 = true;
  }

  boolean isSecure() {
    return secure;
  }

  List<X509Certificate> peerCertificates() {
    return peerCertificates;
  }

  SocketAddress remoteAddress() {
    SocketAddress address = channel.remoteAddress();
    if (address instanceof DomainSocketAddress || address == null) {
      return UnixDomainSocketAddress.of("");
    }
    return address;
  }

  <T> T attribute(Class<T> type, Supplier<T> make) {
    Object present = attributes.get(type);
    if (present == null) {
      Object made = make.get();
      Object earlier = attributes.putIfAbsent(type, made);
      present = earlier == null ? made : earlier;
    }
    return type.cast(present);
  }

  /** An exchange begins; loop only. */
  @SuppressWarnings("NonAtomicVolatileUpdate") // one writer: the loop
  void begin() {
    active++;
  }

  /** An exchange is over; loop only. */
  @SuppressWarnings("NonAtomicVolatileUpdate") // one writer: the loop
  void end() {
    active--;
    quietSinceNanos = System.nanoTime();
    if (closing && active == 0) {
      closeSoon();
    }
  }

  int active() {
    return active;
  }

  boolean isClosing() {
    return closing;
  }

  /** Closes once nothing is under way; an HTTP/2 client is told to go away. Loop only. */
  void closeWhenQuiet() {
    if (closing) {
      return;
    }
    closing = true;
    if (http2) {
      channel.writeAndFlush(new DefaultHttp2GoAwayFrame(Http2Error.NO_ERROR));
    }
    if (active == 0) {
      closeSoon();
    }
  }

  /**
   * A client that was told to go away closes by itself. To close before it does, while frames of
   * its are under way, would reset the connection, and the last answer with it.
   */
  private void closeSoon() {
    if (http2) {
      channel.eventLoop().schedule(() -> channel.close(), LEAVE_MILLIS, TimeUnit.MILLISECONDS);
    } else {
      channel.close();
    }
  }

  boolean isQuietFor(long nanos, long now) {
    return active == 0 && now - quietSinceNanos > nanos;
  }
}
