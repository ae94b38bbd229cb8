package dev.nacelle.apiserver.gateway;

import dev.nacelle.base.http.Headers;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** The headers of a client, as servers behind the API server may see them. */
public final class ClientHeaders {
  private static final List<String> IDENTITY =
      List.of("impersonate-", "x-remote-user", "x-remote-group", "x-remote-uid", "x-remote-extra-");
  private static final String SUBPROTOCOLS = "sec-websocket-protocol";
  private static final String TOKEN = "base64url.bearer.authorization.k8s.io.";

  private ClientHeaders() {}

  /**
   * Without what proves or claims who the client is: that is between it and the API server, and a
   * server behind could use it.
   */
  public static Headers withoutCredentials(Headers headers) {
    var kept = Headers.builder();
    headers.forEach(
        (name, value) -> {
          String lower = name.toLowerCase(Locale.ROOT);
          if (lower.equals(SUBPROTOCOLS)) {
            String others = withoutToken(value);
            if (!others.isEmpty()) {
              kept.add(name, others);
            }
          } else if (!lower.equals("authorization")
              && IDENTITY.stream().noneMatch(lower::startsWith)) {
            kept.add(name, value);
          }
        });
    return kept.build();
  }

  private static String withoutToken(String subprotocols) {
    return Arrays.stream(subprotocols.split(",", -1))
        .map(String::strip)
        .filter(name -> !name.startsWith(TOKEN))
        .collect(Collectors.joining(", "));
  }
}
