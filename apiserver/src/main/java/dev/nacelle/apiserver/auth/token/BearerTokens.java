package dev.nacelle.apiserver.auth.token;

import dev.nacelle.base.http.HttpExchange;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;

/**
 * Reads the bearer token of a request: from the Authorization header, or the subprotocol that
 * browsers use for WebSockets.
 */
final class BearerTokens {
  private static final int MAX_LENGTH = 16 << 10;
  private static final String SUBPROTOCOL = "base64url.bearer.authorization.k8s.io.";

  private BearerTokens() {}

  static Optional<String> of(HttpExchange exchange) {
    Optional<String> header = exchange.headers().first("authorization");
    if (header.isPresent()) {
      String value = header.get().strip();
      if (value.length() > 7
          && value.length() <= MAX_LENGTH
          && value.regionMatches(true, 0, "Bearer ", 0, 7)) {
        return Optional.of(value.substring(7).strip());
      }
      return Optional.empty();
    }
    for (String offered : exchange.headers().all("sec-websocket-protocol")) {
      for (String protocol : offered.split(",", -1)) {
        if (protocol.strip().startsWith(SUBPROTOCOL)) {
          return decode(protocol.strip().substring(SUBPROTOCOL.length()));
        }
      }
    }
    return Optional.empty();
  }

  private static Optional<String> decode(String encoded) {
    try {
      return Optional.of(
          new String(Base64.getUrlDecoder().decode(encoded), StandardCharsets.UTF_8));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }
}
