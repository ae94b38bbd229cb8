package dev.nacelle.image.distribution;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.ForwardingExchange;
import dev.nacelle.base.http.Headers;
import dev.nacelle.base.http.HttpExchange;
import dev.nacelle.base.http.ResponseStream;

/** An exchange that remembers how it was answered. For the threads of the exchange. */
final class ObservedExchange extends ForwardingExchange {
  private static final int FAILED = 500;

  /** What the server says for a handler that failed, until there is an answer. */
  private volatile int status = FAILED;

  ObservedExchange(HttpExchange exchange) {
    super(exchange);
  }

  int status() {
    return status;
  }

  @Override
  public void respond(int code, Headers headers, Bytes body) {
    status = code;
    super.respond(code, headers, body);
  }

  @Override
  public ResponseStream respondStreaming(int code, Headers headers) {
    status = code;
    return super.respondStreaming(code, headers);
  }
}
