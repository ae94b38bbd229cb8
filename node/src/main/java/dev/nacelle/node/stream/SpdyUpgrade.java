package dev.nacelle.node.stream;

import dev.nacelle.api.status.ApiException;
import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.Headers;
import dev.nacelle.base.http.HttpExchange;
import dev.nacelle.base.spdy.SpdyConnection;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** A connection that became SPDY, and the protocol that its streams follow. */
record SpdyUpgrade(SpdyConnection connection, String protocol) {
  private static final String VERSION = "x-stream-protocol-version";
  private static final String ACCEPTED = "x-accepted-stream-protocol-versions";

  /** Whether the request asks for another protocol. */
  static boolean isAsked(HttpExchange exchange) {
    return exchange.headers().hasToken("connection", "upgrade");
  }

  /**
   * Agrees on the first of the client's protocols that is known, and takes over the connection,
   * which is closed when the client leaves.
   *
   * @param known protocols
   * @return empty if none is common; that has been answered
   * @throws ApiException if the request is wrong; then nothing was answered
   */
  static Optional<SpdyUpgrade> accept(HttpExchange exchange, List<String> known)
      throws IOException {
    if (!isAsked(exchange) || !exchange.headers().hasToken("upgrade", SpdyConnection.PROTOCOL)) {
      throw ApiException.badRequest(
          "unable to upgrade: missing upgrade headers in request: want Connection: Upgrade and"
              + " Upgrade: "
              + SpdyConnection.PROTOCOL);
    }
    List<String> offered =
        exchange.headers().all(VERSION).stream()
            .flatMap(line -> Arrays.stream(line.split(",", -1)))
            .map(String::strip)
            .filter(name -> !name.isEmpty())
            .toList();
    if (offered.isEmpty()) {
      throw ApiException.badRequest("unable to upgrade: X-Stream-Protocol-Version is required");
    }
    Optional<String> chosen = offered.stream().filter(known::contains).findFirst();
    if (chosen.isEmpty()) {
      refuse(exchange, offered, known);
      return Optional.empty();
    }
    var connection =
        SpdyConnection.ofServer(
            exchange.upgrade(SpdyConnection.PROTOCOL, Headers.of(VERSION, chosen.get())));
    exchange.onClose(connection::close);
    return Optional.of(new SpdyUpgrade(connection, chosen.get()));
  }

  private static void refuse(HttpExchange exchange, List<String> offered, List<String> known) {
    var headers = Headers.contentType("text/plain; charset=utf-8").toBuilder();
    known.forEach(name -> headers.add(ACCEPTED, name));
    exchange.respond(
        403,
        headers.build(),
        Bytes.utf8(
            "unable to upgrade: unable to negotiate protocol: client supports "
                + words(offered)
                + ", server accepts "
                + words(known)
                + "\n"));
  }

  private static String words(List<String> names) {
    return "[" + String.join(" ", names) + "]";
  }
}
