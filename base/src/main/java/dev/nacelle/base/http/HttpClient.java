package dev.nacelle.base.http;

import java.io.IOException;
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

  /** With so many known, those that rest are forgotten. */
  private static final int MOST_ORIGINS = 256;

  private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);

  private final Dialer dialer;
  private final Duration readTimeout;
  private final int connectionsPerOrigin;
  private final ConnectionPool.Reuse reuse;
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
    reuse = builder.reuse;
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
    boolean repeatable =
        IDEMPOTENT.contains(request.method())
            && !(request.body() instanceof HttpRequest.Body.Streamed);
    ConnectionPool pool = acquired(origin);
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

  /** The pool of an origin, with the right to use one connection. */
  private ConnectionPool acquired(Origin origin) throws IOException, InterruptedException {
    while (true) {
      if (pools.size() >= MOST_ORIGINS) {
        pools.values().removeIf(ConnectionPool::retire);
      }
      ConnectionPool pool =
          pools.computeIfAbsent(origin, o -> new ConnectionPool(connectionsPerOrigin, reuse));
      if (pool.acquire(dialer.timeout(), origin)) {
        return pool;
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
    Optional<URI> plainProxy = origin.tls() ? Optional.empty() : via;
    if (request.body() instanceof HttpRequest.Body.Streamed body && readTimeout.isZero()) {
      return attemptBothWays(pool, connection, request, body, origin, plainProxy);
    }
    Optional<BodySender> sender =
        request.body() instanceof HttpRequest.Body.Streamed streamed
            ? Optional.of(new BodySender(connection, streamed))
            : Optional.empty();
    try {
      write(connection, request, sender, origin, plainProxy);
    } catch (IOException e) {
      if (sender.flatMap(BodySender::sourceFailure).isPresent()) {
        throw e; // the server waits for the rest, and would not answer
      }
      return earlyAnswer(pool, connection, request, e);
    }
    return new ClientExchange(
        pool,
        connection,
        request.method(),
        Http1Wire.readHead(connection.input()),
        Optional.empty());
  }

  /** The answer may come, and be read, while the body is still sent. */
  private static ClientExchange attemptBothWays(
      ConnectionPool pool,
      ClientConnection connection,
      HttpRequest request,
      HttpRequest.Body.Streamed body,
      Origin origin,
      Optional<URI> plainProxy)
      throws IOException {
    writeHead(connection.output(), request, origin, plainProxy);
    connection.output().flush();
    var sender = new BodySender(connection, body);
    sender.start();
    try {
      return new ClientExchange(
          pool,
          connection,
          request.method(),
          Http1Wire.readHead(connection.input()),
          Optional.of(sender));
    } catch (IOException e) {
      throw sender.sourceFailure().orElse(e);
    }
  }

  /** A server may refuse a body before it has taken it whole; its answer says why. */
  private static ClientExchange earlyAnswer(
      ConnectionPool pool, ClientConnection connection, HttpRequest request, IOException broken)
      throws IOException {
    try {
      Http1Wire.Head head = Http1Wire.readHead(connection.input());
      Headers last = head.headers().toBuilder().set("connection", "close").build();
      return new ClientExchange(
          pool,
          connection,
          request.method(),
          new Http1Wire.Head(head.status(), false, last),
          Optional.empty());
    } catch (IOException e) {
      throw broken;
    }
  }

  private static void write(
      ClientConnection connection,
      HttpRequest request,
      Optional<BodySender> sender,
      Origin origin,
      Optional<URI> plainProxy)
      throws IOException {
    OutputStream out = connection.output();
    writeHead(out, request, origin, plainProxy);
    if (request.body() instanceof HttpRequest.Body.Whole(var bytes)) {
      out.write(bytes.unsafeArray());
    }
    if (sender.isPresent()) {
      sender.get().send();
    }
    out.flush();
  }

  private static void writeHead(
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
      }
      case HttpRequest.Body.Whole(var bytes) ->
          headers.add("content-length", Integer.toString(bytes.sizeBytes()));
      case HttpRequest.Body.Streamed(var source, long length) ->
          headers.add(
              length >= 0 ? "content-length" : "transfer-encoding",
              length >= 0 ? Long.toString(length) : "chunked");
    }
    Http1Wire.writeHead(out, request.method(), target, headers.build());
  }

  private static String target(URI uri) {
    String path = uri.getRawPath() == null || uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
    return uri.getRawQuery() == null ? path : path + "?" + uri.getRawQuery();
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

  /**
   * Asks for another protocol on the connection, as the request's own headers {@code connection}
   * and {@code upgrade} say; any answer will do.
   */
  public UpgradeAnswer askUpgrade(HttpRequest request) throws IOException, InterruptedException {
    ClientExchange response = exchange(request);
    return response.status() == 101
        ? new UpgradeAnswer.Switched(response.headers(), response.leaveHttp())
        : new UpgradeAnswer.Refused(response);
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
    private ConnectionPool.Reuse reuse = ConnectionPool.Reuse.KEEP;
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

    /** Each request gets a new connection: for many servers that are asked now and then. */
    public Builder newConnectionEachTime() {
      reuse = ConnectionPool.Reuse.NEVER;
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
