package dev.nacelle.base.http;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;

/**
 * A blocking HTTP/1.1 client with a bounded pool of connections per origin. Made for virtual
 * threads, safe for any thread; interrupting a thread in it ends its request.
 */
public final class HttpClient implements AutoCloseable {
  private HttpClient() {}

  public static Builder builder() {
    return new Builder();
  }

  /**
   * Sends a request and waits for the head of the response. Any status is a response, no error.
   * Idempotent requests are sent again once when a pooled connection turns out to be dead.
   *
   * @throws IOException if the server cannot be reached, is not trusted, or breaks off; the message
   *     names the target
   */
  public HttpResponse send(HttpRequest request) throws IOException, InterruptedException {
    throw new UnsupportedOperationException("seam");
  }

  /**
   * Opens a WebSocket.
   *
   * @param subprotocols offered, the preferred one first
   * @throws UpgradeRefusedException if the server answers anything but 101, or chooses a
   *     subprotocol that was not offered
   */
  public WebSocket webSocket(HttpRequest request, List<String> subprotocols, int maxFrameBytes)
      throws IOException, InterruptedException {
    throw new UnsupportedOperationException("seam");
  }

  /**
   * Asks for another protocol on the connection.
   *
   * @throws UpgradeRefusedException if the server answers anything but 101
   */
  public DuplexStream upgrade(HttpRequest request, String protocol)
      throws IOException, InterruptedException {
    throw new UnsupportedOperationException("seam");
  }

  /** Ends all connections. */
  @Override
  public void close() {}

  /** Settings of a client; for one thread. */
  public static final class Builder {
    private Builder() {}

    /** Trusts servers whose chain ends in one of these; without it those of the platform. */
    public Builder trust(List<X509Certificate> authorities) {
      return this;
    }

    /** Trusts any server: for registries the owner has named as such. */
    public Builder trustAnyServer() {
      return this;
    }

    /** Shows this certificate to servers that ask. */
    public Builder identity(Supplier<TlsIdentity> identity) {
      return this;
    }

    /** Connects here whatever host the request names. */
    public Builder unixSocket(UnixDomainSocketAddress address) {
      return this;
    }

    /** Default 10 s, TLS handshake included. */
    public Builder connectTimeout(Duration timeout) {
      return this;
    }

    /** How long a read may wait for the next byte; default 60 s, zero for ever (watches). */
    public Builder readTimeout(Duration timeout) {
      return this;
    }

    /** Default 32 per origin; more wait. */
    public Builder connectionsPerOrigin(int connections) {
      return this;
    }

    /**
     * Follows at most so many redirects; default 0. {@code authorization} and {@code cookie} are
     * not sent to another origin.
     */
    public Builder redirects(int atMost) {
      return this;
    }

    public Builder proxy(ProxySettings proxy) {
      return this;
    }

    public HttpClient build() {
      return new HttpClient();
    }
  }
}
