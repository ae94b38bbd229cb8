package dev.nacelle.base.http;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Supplier;

/**
 * A blocking HTTP/1.1 client with a bounded pool of connections per origin. Made for virtual
 * threads, safe for any thread; interrupting a virtual thread in it ends its request.
 */
public final class HttpClient implements AutoCloseable {
  private static final Set<String> IDEMPOTENT = Set.of("GET", "HEAD", "OPTIONS", "PUT", "DELETE");
  private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);
  private static final byte[] LINE_END = "\r\n".getBytes(StandardCharsets.US_ASCII);

  private final Dialer dialer;
  private final Duration readTimeout;
  private final int connectionsPerOrigin;
  private final int redirects;
  private final ProxySettings proxy;
  private final ConcurrentMap<Origin, ConnectionPool> pools = new ConcurrentHashMap<>();

  private HttpClient(Builder builder) {
    dialer =
        new Dialer(
            new ClientTls(builder.trust, builder.identity),
            builder.unixSocket,
            builder.connectTimeout);
    readTimeout = builder.readTimeout;
    connectionsPerOrigin = builder.connectionsPerOrigin;
    redirects = builder.redirects;
    proxy = builder.proxy;
  }

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
    HttpRequest present = request;
    for (int followed = 0; ; followed++) {
      ClientExchange response = exchange(present);
      Optional<URI> location =
          followed < redirects && REDIRECTS.contains(response.status())
              ? response.headers().first("location").map(present.uri()::resolve)
              : Optional.empty();
      if (location.isEmpty() || present.body() instanceof HttpRequest.Body.Streamed) {
        return response;
      }
      response.close();
      present = redirected(present, location.get(), response.status());
    }
  }

  private static HttpRequest redirected(HttpRequest request, URI location, int status) {
    var headers = request.headers().toBuilder();
    if (!Origin.of(location).equals(Origin.of(request.uri()))) {
      headers.remove("authorization").remove("cookie");
    }
    boolean becomesGet =
        status == 303 && !request.method().equals("HEAD")
            || status <= 302 && request.method().equals("POST");
    return becomesGet
        ? new HttpRequest(
            "GET", location, headers.remove("content-type").build(), new HttpRequest.Body.Empty())
        : new HttpRequest(request.method(), location, headers.build(), request.body());
  }

  private ClientExchange exchange(HttpRequest request) throws IOException, InterruptedException {
    Origin origin = Origin.of(request.uri());
    Optional<URI> via = dialer.isLocal() ? Optional.empty() : proxy.proxyFor(request.uri());
    ConnectionPool pool =
        pools.computeIfAbsent(origin, o -> new ConnectionPool(connectionsPerOrigin));
    boolean repeatable =
        IDEMPOTENT.contains(request.method())
            && !(request.body() instanceof HttpRequest.Body.Streamed);
    pool.acquire(dialer.timeout(), origin);
    boolean answered = false;
    try {
      Optional<ClientConnection> rested = pool.take(repeatable);
      while (rested.isPresent()) {
        ClientConnection connection = rested.get();
        try {
          ClientExchange response = attempt(pool, connection, request, origin, via);
          answered = true;
          return response;
        } catch (IOException e) {
          connection.close();
          if (!repeatable
              || e instanceof java.net.SocketTimeoutException
              || Thread.currentThread().isInterrupted()) {
            throw broken(origin, e);
          }
        }
        rested = pool.take(repeatable);
      }
      ClientConnection connection = dialer.open(origin, via);
      try {
        ClientExchange response = attempt(pool, connection, request, origin, via);
        answered = true;
        return response;
      } catch (IOException | RuntimeException e) {
        connection.close();
        if (e instanceof IOException io) {
          throw broken(origin, io);
        }
        throw e;
      }
    } finally {
      if (!answered) {
        pool.release();
      }
    }
  }

  private static IOException broken(Origin origin, IOException cause) {
    return new IOException("request to " + origin + " failed: " + cause.getMessage(), cause);
  }

  private ClientExchange attempt(
      ConnectionPool pool,
      ClientConnection connection,
      HttpRequest request,
      Origin origin,
      Optional<URI> via)
      throws IOException {
    connection.readTimeout(readTimeout);
    try {
      write(connection.output(), request, origin, origin.tls() ? Optional.empty() : via);
    } catch (IOException e) {
      return earlyAnswer(pool, connection, request, e);
    }
    return new ClientExchange(
        pool, connection, request.method(), Http1Wire.readHead(connection.input()));
  }

  /** A server may refuse a body before it has taken it whole; its answer says why. */
  private static ClientExchange earlyAnswer(
      ConnectionPool pool, ClientConnection connection, HttpRequest request, IOException broken)
      throws IOException {
    try {
      Http1Wire.Head head = Http1Wire.readHead(connection.input());
      Headers last = head.headers().toBuilder().set("connection", "close").build();
      return new ClientExchange(
          pool, connection, request.method(), new Http1Wire.Head(head.status(), false, last));
    } catch (IOException e) {
      throw broken;
    }
  }

  private static void write(
      OutputStream out, HttpRequest request, Origin origin, Optional<URI> plainProxy)
      throws IOException {
    var headers = request.headers().toBuilder();
    if (!request.headers().contains("host")) {
      headers.add("host", origin.hostHeader());
    }
    plainProxy
        .flatMap(Dialer::proxyAuthorization)
        .ifPresent(value -> headers.set("proxy-authorization", value));
    headers.remove("content-length").remove("transfer-encoding");
    String target = target(request.uri());
    if (plainProxy.isPresent()) {
      target = "http://" + origin.hostHeader() + target;
    }
    switch (request.body()) {
      case HttpRequest.Body.Empty e -> {
        if (!IDEMPOTENT.contains(request.method()) || request.method().equals("PUT")) {
          headers.add("content-length", "0");
        }
        Http1Wire.writeHead(out, request.method(), target, headers.build());
      }
      case HttpRequest.Body.Whole(var bytes) -> {
        headers.add("content-length", Integer.toString(bytes.sizeBytes()));
        Http1Wire.writeHead(out, request.method(), target, headers.build());
        out.write(bytes.unsafeArray());
      }
      case HttpRequest.Body.Streamed(var source, long length) -> {
        boolean known = length >= 0;
        headers.add(
            known ? "content-length" : "transfer-encoding",
            known ? Long.toString(length) : "chunked");
        Http1Wire.writeHead(out, request.method(), target, headers.build());
        try (InputStream body = source.open()) {
          if (known) {
            copy(body, out, length);
          } else {
            copyChunked(body, out);
          }
        }
      }
    }
    out.flush();
  }

  private static String target(URI uri) {
    String path = uri.getRawPath() == null || uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
    return uri.getRawQuery() == null ? path : path + "?" + uri.getRawQuery();
  }

  private static void copy(InputStream body, OutputStream out, long length) throws IOException {
    byte[] buffer = new byte[32 << 10];
    long left = length;
    while (left > 0) {
      int count = body.read(buffer, 0, (int) Math.min(buffer.length, left));
      if (count < 0) {
        throw new IOException("the request body ended " + left + " bytes too early");
      }
      out.write(buffer, 0, count);
      left -= count;
    }
  }

  private static void copyChunked(InputStream body, OutputStream out) throws IOException {
    byte[] buffer = new byte[32 << 10];
    for (int count = body.read(buffer); count >= 0; count = body.read(buffer)) {
      if (count > 0) {
        out.write(Integer.toHexString(count).getBytes(StandardCharsets.US_ASCII));
        out.write(LINE_END);
        out.write(buffer, 0, count);
        out.write(LINE_END);
        out.flush();
      }
    }
    out.write('0');
    out.write(LINE_END);
    out.write(LINE_END);
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
    String key = WebSocketKeys.fresh();
    var headers =
        request.headers().toBuilder()
            .set("sec-websocket-version", "13")
            .set("sec-websocket-key", key);
    if (!subprotocols.isEmpty()) {
      headers.set("sec-websocket-protocol", String.join(", ", subprotocols));
    }
    ClientExchange response = switched(request.with(headers.build()), "websocket");
    String chosen = response.headers().first("sec-websocket-protocol").orElse("");
    if (!response
            .headers()
            .first("sec-websocket-accept")
            .orElse("")
            .equals(WebSocketKeys.accept(key))
        || (!chosen.isEmpty() && !subprotocols.contains(chosen))) {
      response.close();
      throw new UpgradeRefusedException(
          101, "the WebSocket handshake with " + request.uri() + " is wrong");
    }
    return FramedWebSocket.ofClient(response.leaveHttp(), chosen, maxFrameBytes);
  }

  /**
   * Asks for another protocol on the connection.
   *
   * @throws UpgradeRefusedException if the server answers anything but 101
   */
  public DuplexStream upgrade(HttpRequest request, String protocol)
      throws IOException, InterruptedException {
    return switched(request, protocol).leaveHttp();
  }

  private ClientExchange switched(HttpRequest request, String protocol)
      throws IOException, InterruptedException {
    ClientExchange response =
        exchange(request.with("connection", "Upgrade").with("upgrade", protocol));
    if (response.status() == 101) {
      return response;
    }
    try (response) {
      String text = new String(response.body().readNBytes(1024), StandardCharsets.UTF_8).strip();
      throw new UpgradeRefusedException(
          response.status(),
          "cannot switch to %s: %s answered %d: %s"
              .formatted(protocol, Origin.of(request.uri()), response.status(), text));
    }
  }

  /** Ends the connections that rest; responses still open are their holders' to close. */
  @Override
  public void close() {
    pools.values().forEach(ConnectionPool::close);
    pools.clear();
  }

  /** Settings of a client; for one thread. */
  public static final class Builder {
    private ClientTls.Trust trust = new ClientTls.Trust.Platform();
    private Optional<Supplier<TlsIdentity>> identity = Optional.empty();
    private Optional<UnixDomainSocketAddress> unixSocket = Optional.empty();
    private Duration connectTimeout = Duration.ofSeconds(10);
    private Duration readTimeout = Duration.ofSeconds(60);
    private int connectionsPerOrigin = 64;
    private int redirects;
    private ProxySettings proxy = ProxySettings.NONE;

    private Builder() {}

    /** Trusts servers whose chain ends in one of these; without it those of the platform. */
    public Builder trust(List<X509Certificate> authorities) {
      trust = new ClientTls.Trust.Authorities(List.copyOf(authorities));
      return this;
    }

    /** Trusts any server: for registries the owner has named as such. */
    public Builder trustAnyServer() {
      trust = new ClientTls.Trust.Anybody();
      return this;
    }

    /** Shows this certificate to servers that ask. */
    public Builder identity(Supplier<TlsIdentity> source) {
      identity = Optional.of(source);
      return this;
    }

    /** Connects here, without TLS, whatever host the request names; has no read timeout. */
    public Builder unixSocket(UnixDomainSocketAddress address) {
      unixSocket = Optional.of(address);
      return this;
    }

    /** For connecting, for the TLS handshake, and for a free connection; default 10 s each. */
    public Builder connectTimeout(Duration timeout) {
      connectTimeout = timeout;
      return this;
    }

    /** How long a read may wait for the next byte; default 60 s, zero for ever (watches). */
    public Builder readTimeout(Duration timeout) {
      readTimeout = timeout;
      return this;
    }

    /** Default 64 per origin; more wait. Upgraded connections do not count. */
    public Builder connectionsPerOrigin(int connections) {
      connectionsPerOrigin = connections;
      return this;
    }

    /**
     * Follows at most so many redirects; default 0. {@code authorization} and {@code cookie} are
     * not sent to another origin.
     */
    public Builder redirects(int atMost) {
      redirects = atMost;
      return this;
    }

    public Builder proxy(ProxySettings settings) {
      proxy = settings;
      return this;
    }

    public HttpClient build() {
      return new HttpClient(this);
    }
  }
}
