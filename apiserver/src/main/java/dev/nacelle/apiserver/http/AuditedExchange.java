package dev.nacelle.apiserver.http;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.DuplexStream;
import dev.nacelle.base.http.ForwardingExchange;
import dev.nacelle.base.http.Headers;
import dev.nacelle.base.http.HttpExchange;
import dev.nacelle.base.http.ResponseStream;
import dev.nacelle.base.http.UpgradeRefusedException;
import dev.nacelle.base.http.WebSocket;
import java.io.IOException;
import java.util.List;

/** An exchange whose answers are noted in the call's trail. */
final class AuditedExchange extends ForwardingExchange {
  private static final int SWITCHING = 101;
  private static final int REFUSED = 400;

  private final Call call;

  AuditedExchange(HttpExchange inner, Call call) {
    super(inner);
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
    super.respond(status, headers, body);
  }

  @Override
  public ResponseStream respondStreaming(int status, Headers headers) {
    call.audit().answered(status);
    return super.respondStreaming(status, headers);
  }

  @Override
  public WebSocket acceptWebSocket(List<String> subprotocols, int maxFrameBytes)
      throws IOException {
    try {
      WebSocket socket = super.acceptWebSocket(subprotocols, maxFrameBytes);
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
      DuplexStream stream = super.upgrade(protocol, headers);
      call.audit().answered(SWITCHING);
      return stream;
    } catch (UpgradeRefusedException e) {
      call.audit().answered(REFUSED);
      throw e;
    }
  }
}
