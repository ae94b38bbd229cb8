package dev.nacelle.base.http;

import dev.nacelle.base.task.DurationText;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.Optional;

/** Opens connections. Safe for any thread. */
final class Dialer {
  private final ClientTls tls;
  private final Optional<UnixDomainSocketAddress> unixSocket;
  private final Duration timeout;

  Dialer(ClientTls tls, Optional<UnixDomainSocketAddress> unixSocket, Duration timeout) {
    this.tls = tls;
    this.unixSocket = unixSocket;
    this.timeout = timeout;
  }

  Duration timeout() {
    return timeout;
  }

  boolean isLocal() {
    return unixSocket.isPresent();
  }

  ClientConnection open(Origin origin, Optional<URI> proxy) throws IOException {
    try {
      return unixSocket.isPresent() ? openUnix(unixSocket.get()) : openTcp(origin, proxy);
    } catch (SocketTimeoutException e) {
      throw new UnreachableException(origin, "no answer in " + DurationText.of(timeout), e);
    } catch (UnknownHostException e) {
      throw new UnreachableException(origin, "unknown host " + e.getMessage(), e);
    } catch (IOException e) {
      throw new UnreachableException(origin, String.valueOf(e.getMessage()), e);
    }
  }

  private static ClientConnection openUnix(UnixDomainSocketAddress address) throws IOException {
    return ClientConnection.of(SocketChannel.open(address));
  }

  private ClientConnection openTcp(Origin origin, Optional<URI> proxy) throws IOException {
    int millis = (int) Math.min(Integer.MAX_VALUE, timeout.toMillis());
    var socket = new Socket();
    try {
      Origin first = proxy.map(Origin::of).orElse(origin);
      socket.setTcpNoDelay(true);
      socket.setKeepAlive(true);
      socket.connect(new InetSocketAddress(first.host(), first.port()), millis);
      socket.setSoTimeout(millis);
      if (!origin.tls()) {
        return ClientConnection.of(socket, socket);
      }
      if (proxy.isPresent()) {
        tunnel(socket, origin, proxy.get());
      }
      return ClientConnection.of(socket, tls.secure(socket, origin));
    } catch (IOException | RuntimeException e) {
      socket.close();
      throw e;
    }
  }

  private static void tunnel(Socket socket, Origin origin, URI proxy) throws IOException {
    var headers = Headers.builder().add("host", origin.hostAndPort());
    proxyAuthorization(proxy).ifPresent(value -> headers.add("proxy-authorization", value));
    var head = new java.io.ByteArrayOutputStream();
    Http1Wire.writeHead(head, "CONNECT", origin.hostAndPort(), headers.build());
    socket.getOutputStream().write(head.toByteArray());
    // unbuffered: what follows the head belongs to TLS
    int status = Http1Wire.readHead(socket.getInputStream()).status();
    if (status / 100 != 2) {
      throw new IOException("the proxy " + proxy.getHost() + " answered " + status);
    }
  }

  static Optional<String> proxyAuthorization(URI proxy) {
    return Optional.ofNullable(proxy.getUserInfo())
        .map(
            user ->
                "Basic "
                    + Base64.getEncoder().encodeToString(user.getBytes(StandardCharsets.UTF_8)));
  }
}
