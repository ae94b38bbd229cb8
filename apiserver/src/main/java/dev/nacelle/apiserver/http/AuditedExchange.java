package dev.nacelle.apiserver.http;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.DuplexStream;
import dev.nacelle.base.http.Headers;
import dev.nacelle.base.http.HttpExchange;
import dev.nacelle.base.http.QueryParameters;
import dev.nacelle.base.http.ResponseStream;
import dev.nacelle.base.http.UpgradeRefusedException;
import dev.nacelle.base.http.WebSocket;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketAddress;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.function.Supplier;

/** An exchange whose answers are noted in the call's trail. */
final class AuditedExchange implements HttpExchange {
  private static final int SWITCHING = 101;
  private static final int REFUSED = 400;

  private final HttpExchange inner;
  private final Call call;

  AuditedExchange(HttpExchange inner, Call call) {
    this.inner = inner;
    this.call = call;
  }

  @Override
  public void respond(int status, Headers headers, Bytes body) {
    boolean isObject =
        headers
            .first("content-type")
            .filter(type -> type.startsWith(Accepted.JSON) || type.startsWith(Accepted.YAML))
            .isPresent();
    if (isObject) {
      call.audit().answered(status, body);
    } else {
      call.audit().answered(status);
    }
    inner.respond(status, headers, body);
  }

  @Override
  public ResponseStream respondStreaming(int status, Headers headers) {
    call.audit().answered(status);
    return inner.respondStreaming(status, headers);
  }

  @Override
  public WebSocket acceptWebSocket(List<String> subprotocols, int maxFrameBytes)
      throws IOException {
    try {
      WebSocket socket = inner.acceptWebSocket(subprotocols, maxFrameBytes);
      call.audit().answered(SWITCHING);
      return socket;
    } catch (UpgradeRefusedException e) {
      call.audit().answered(REFUSED);
      throw e;
    }
  }

  @Override
  public DuplexStream upgrade(String protocol, Headers headers) throws IOException {
    try {
      DuplexStream stream = inner.upgrade(protocol, headers);
      call.audit().answered(SWITCHING);
      return stream;
    } catch (UpgradeRefusedException e) {
      call.audit().answered(REFUSED);
      throw e;
    }
  }

  @Override
  public String method() {
    return inner.method();
  }

  @Override
  public String rawPath() {
    return inner.rawPath();
  }

  @Override
  public String path() {
    return inner.path();
  }

  @Override
  public String rawQuery() {
    return inner.rawQuery();
  }

  @Override
  public QueryParameters query() {
    return inner.query();
  }

  @Override
  public Headers headers() {
    return inner.headers();
  }

  @Override
  public boolean isSecure() {
    return inner.isSecure();
  }

  @Override
  public String protocol() {
    return inner.protocol();
  }

  @Override
  public List<X509Certificate> peerCertificates() {
    return inner.peerCertificates();
  }

  @Override
  public SocketAddress remoteAddress() {
    return inner.remoteAddress();
  }

  @Override
  public <T> T perConnection(Class<T> type, Supplier<T> make) {
    return inner.perConnection(type, make);
  }

  @Override
  public boolean hasBody() {
    return inner.hasBody();
  }

  @Override
  public Bytes body(int maxBytes) throws IOException, InterruptedException {
    return inner.body(maxBytes);
  }

  @Override
  public InputStream bodyStream() {
    return inner.bodyStream();
  }

  @Override
  public boolean isWebSocketUpgrade() {
    return inner.isWebSocketUpgrade();
  }

  @Override
  public boolean isClosed() {
    return inner.isClosed();
  }

  @Override
  public void onClose(Runnable action) {
    inner.onClose(action);
  }
}
