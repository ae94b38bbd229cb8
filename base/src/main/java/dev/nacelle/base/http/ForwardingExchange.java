package dev.nacelle.base.http;

import dev.nacelle.base.bytes.Bytes;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketAddress;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.function.Supplier;

/** An exchange that does all by another one: for one that differs in some of it. */
public abstract class ForwardingExchange implements HttpExchange {
  private final HttpExchange exchange;

  protected ForwardingExchange(HttpExchange exchange) {
    this.exchange = exchange;
  }

  @Override
  public void respond(int status, Headers headers, Bytes body) {
    exchange.respond(status, headers, body);
  }

  @Override
  public ResponseStream respondStreaming(int status, Headers headers) {
    return exchange.respondStreaming(status, headers);
  }

  @Override
  public String method() {
    return exchange.method();
  }

  @Override
  public String rawPath() {
    return exchange.rawPath();
  }

  @Override
  public String path() {
    return exchange.path();
  }

  @Override
  public String rawQuery() {
    return exchange.rawQuery();
  }

  @Override
  public QueryParameters query() {
    return exchange.query();
  }

  @Override
  public Headers headers() {
    return exchange.headers();
  }

  @Override
  public boolean isSecure() {
    return exchange.isSecure();
  }

  @Override
  public String protocol() {
    return exchange.protocol();
  }

  @Override
  public List<X509Certificate> peerCertificates() {
    return exchange.peerCertificates();
  }

  @Override
  public SocketAddress remoteAddress() {
    return exchange.remoteAddress();
  }

  @Override
  public <T> T perConnection(Class<T> type, Supplier<T> make) {
    return exchange.perConnection(type, make);
  }

  @Override
  public boolean hasBody() {
    return exchange.hasBody();
  }

  @Override
  public Bytes body(int maxBytes) throws IOException, InterruptedException {
    return exchange.body(maxBytes);
  }

  @Override
  public InputStream bodyStream() {
    return exchange.bodyStream();
  }

  @Override
  public boolean isWebSocketUpgrade() {
    return exchange.isWebSocketUpgrade();
  }

  @Override
  public WebSocket acceptWebSocket(List<String> subprotocols, int maxFrameBytes)
      throws IOException {
    return exchange.acceptWebSocket(subprotocols, maxFrameBytes);
  }

  @Override
  public DuplexStream upgrade(String protocol, Headers headers) throws IOException {
    return exchange.upgrade(protocol, headers);
  }

  @Override
  public boolean isClosed() {
    return exchange.isClosed();
  }

  @Override
  public void onClose(Runnable action) {
    exchange.onClose(action);
  }
}
