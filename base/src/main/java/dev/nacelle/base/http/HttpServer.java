package dev.nacelle.base.http;

import java.io.IOException;
import java.net.SocketAddress;
import java.time.Duration;

/**
 * An HTTP server on one address: HTTP/1.1, over TLS also HTTP/2 by ALPN. Calls its handler on one
 * virtual thread per request. Safe for any thread.
 */
public final class HttpServer implements AutoCloseable {
  private HttpServer() {}

  /** A server for {@code handler}; event loops, address and the rest come from the builder. */
  public static Builder builder(EventLoops loops, HttpHandler handler) {
    return new Builder();
  }

  /** The address it listens on, with the real port. */
  public SocketAddress address() {
    throw new UnsupportedOperationException("seam");
  }

  /** The port it listens on; 0 for a unix domain socket. */
  public int port() {
    throw new UnsupportedOperationException("seam");
  }

  /**
   * Stops accepting, lets requests under way end for at most {@code grace} (HTTP/2 clients are told
   * to go away), then cuts what is left. Blocks until all connections are closed. Idempotent.
   */
  public void close(Duration grace) {}

  /** Cuts all connections at once. */
  @Override
  public void close() {
    close(Duration.ZERO);
  }

  /** Settings of a server; for one thread. */
  public static final class Builder {
    private Builder() {}

    /**
     * An {@code InetSocketAddress} (port 0: any free port; the default is that on loopback), or a
     * {@code UnixDomainSocketAddress}: a stale socket file is replaced, the new one has mode 0600.
     */
    public Builder bind(SocketAddress address) {
      return this;
    }

    /** Speaks TLS; without it plain HTTP/1.1. */
    public Builder tls(ServerTls tls) {
      return this;
    }

    public Builder limits(HttpLimits limits) {
      return this;
    }

    /**
     * Binds and begins to serve.
     *
     * @throws IOException if the address cannot be bound, for example because it is in use
     */
    public HttpServer start() throws IOException {
      throw new UnsupportedOperationException("seam");
    }
  }
}
