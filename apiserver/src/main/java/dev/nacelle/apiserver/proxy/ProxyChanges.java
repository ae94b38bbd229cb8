package dev.nacelle.apiserver.proxy;

import dev.nacelle.apiserver.gateway.ClientHeaders;
import dev.nacelle.base.http.Headers;
import dev.nacelle.base.http.HttpExchange;
import dev.nacelle.base.http.Relay;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;

/**
 * What changes between a client and a server behind a proxy subresource: credentials stay here, the
 * server is told where it is shown, redirects and the links of HTML pages lead through the proxy,
 * and what the server grants to other origins is not granted for the API server.
 */
public final class ProxyChanges implements Relay.Changes {
  private final HttpExchange exchange;
  private final String path;
  private final String auditId;
  private final Links links;

  /**
   * @param prefix the path of the proxy subresource, without a slash at its end
   * @param path what follows it
   * @param backend host and port of the server behind
   * @param auditId of the request, shown in the answer
   */
  public ProxyChanges(
      HttpExchange exchange, String prefix, String path, String backend, String auditId) {
    this.exchange = exchange;
    this.path = path;
    this.auditId = auditId;
    this.links = new Links(prefix, backend, exchange.headers().first("host").orElse(""));
  }

  @Override
  public Headers request(Headers headers) {
    var changed =
        ClientHeaders.withoutCredentials(headers).toBuilder()
            .set("x-forwarded-uri", links.prefix() + path);
    if (exchange.remoteAddress() instanceof InetSocketAddress client) {
      String address = client.getAddress().getHostAddress();
      String before = String.join(", ", headers.all("x-forwarded-for"));
      changed.set("x-forwarded-for", before.isEmpty() ? address : before + ", " + address);
    }
    return changed.build();
  }

  @Override
  public Relay.Answer answer(Relay.Answer answer) throws IOException {
    var headers =
        answer.headers().toBuilder()
            .remove("access-control-allow-credentials")
            .remove("access-control-allow-headers")
            .remove("access-control-allow-methods")
            .remove("access-control-allow-origin")
            .set("audit-id", auditId);
    String location = answer.headers().first("location").orElse("");
    if (!location.isEmpty()) {
      headers.set("location", links.rewrite(location));
    } else if (isPage(answer) && !exchange.method().equals("HEAD")) {
      return page(answer, headers);
    }
    return new Relay.Answer(answer.status(), headers.build(), answer.body());
  }

  private static boolean isPage(Relay.Answer answer) {
    if (answer.status() == 204 || answer.status() == 304) {
      return false;
    }
    String type = answer.headers().first("content-type").orElse("");
    return type.split(";", 2)[0].strip().equals("text/html");
  }

  /** A compressed page is shown uncompressed; in an encoding that is not known here it stays. */
  private Relay.Answer page(Relay.Answer answer, Headers.Builder headers) throws IOException {
    String encoding =
        answer.headers().all("content-encoding").stream()
            .flatMap(line -> Stream.of(line.split(",", -1)))
            .map(name -> name.strip().toLowerCase(Locale.ROOT))
            .collect(Collectors.joining(","));
    InputStream plain;
    switch (encoding) {
      case "", "identity" -> plain = answer.body();
      case "gzip" -> plain = new GZIPInputStream(answer.body());
      default -> {
        return new Relay.Answer(answer.status(), headers.build(), answer.body());
      }
    }
    headers.remove("content-length").remove("content-encoding");
    return new Relay.Answer(answer.status(), headers.build(), new HtmlLinks(plain, links::rewrite));
  }
}
