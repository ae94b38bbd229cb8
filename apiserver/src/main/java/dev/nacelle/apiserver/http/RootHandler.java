package dev.nacelle.apiserver.http;

import dev.nacelle.api.status.ApiException;
import dev.nacelle.apiserver.http.Accepted.Form;
import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.Headers;
import dev.nacelle.base.http.HttpExchange;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonWriter;
import dev.nacelle.base.metrics.Metrics;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/** The paths that are no resources: discovery, OpenAPI, health, version, metrics. */
final class RootHandler {
  private static final List<String> OTHER_PATHS =
      List.of(
          "/healthz", "/livez", "/metrics", "/openapi/v2", "/openapi/v3", "/readyz", "/version");

  private final Discovery discovery;
  private final OpenApi openApi;
  private final Health health;
  private final JsonObject version;
  private final Optional<TokenIssuer> issuer;
  private final Metrics metrics;

  RootHandler(
      Discovery discovery,
      OpenApi openApi,
      Health health,
      JsonObject version,
      Optional<TokenIssuer> issuer,
      Metrics metrics) {
    this.discovery = discovery;
    this.openApi = openApi;
    this.health = health;
    this.version = version;
    this.issuer = issuer;
    this.metrics = metrics;
  }

  void handle(HttpExchange exchange, Call call, String path) {
    if (!exchange.method().equals("GET") && !exchange.method().equals("HEAD")) {
      throw ApiException.methodNotAllowed(
          "the server does not allow this method on the requested resource");
    }
    if (Health.isHealthPath(path)) {
      health.handle(exchange, call, path);
      return;
    }
    if (path.startsWith("/openapi/")) {
      openApi.handle(exchange, call, path);
      return;
    }
    switch (path) {
      case "/" -> Replies.json(exchange, call, 200, paths());
      case "/version", "/version/" -> Replies.json(exchange, call, 200, version);
      case TokenIssuer.CONFIGURATION -> issuer().configuration(exchange, call);
      case TokenIssuer.KEYS, TokenIssuer.KEYS + "/" -> issuer().keys(exchange, call);
      case "/metrics" -> {
        var exposed = metrics.expose(exchange.headers().first("accept").orElse(""));
        Replies.send(exchange, call, 200, exposed.contentType(), exposed.text());
      }
      default -> discovery(exchange, call, path);
    }
  }

  private TokenIssuer issuer() {
    return issuer.orElseThrow(ApiException::notFound);
  }

  private JsonObject paths() {
    var all = new ArrayList<>(discovery.groupPaths());
    all.addAll(OTHER_PATHS);
    if (issuer.isPresent()) {
      all.addAll(List.of(TokenIssuer.CONFIGURATION, TokenIssuer.KEYS));
    }
    all.sort(null);
    return JsonObject.builder().put("paths", JsonArray.ofStrings(all)).build();
  }

  private void discovery(HttpExchange exchange, Call call, String path) {
    Accepted accepted = Accepted.of(exchange.headers().first("accept").orElse(""));
    String[] parts = path.substring(1).split("/", -1);
    int length = parts[parts.length - 1].isEmpty() ? parts.length - 1 : parts.length;
    boolean core = parts[0].equals("api");
    if (!core && !parts[0].equals("apis")) {
      throw ApiException.notFound();
    }
    if (length == 1) {
      root(exchange, call, accepted, core);
      return;
    }
    Optional<JsonObject> found =
        core
            ? (length == 2 ? discovery.resources("", parts[1]) : Optional.empty())
            : switch (length) {
              case 2 -> discovery.group(parts[1]);
              case 3 -> discovery.resources(parts[1], parts[2]);
              default -> Optional.empty();
            };
    Replies.json(exchange, call, 200, found.orElseThrow(ApiException::notFound));
  }

  private void root(HttpExchange exchange, Call call, Accepted accepted, boolean core) {
    Form form = accepted.form();
    if (form != Form.DISCOVERY_V2 && form != Form.DISCOVERY_V2BETA1) {
      String host = exchange.headers().first("host").orElse("");
      Replies.json(
          exchange, call, 200, core ? discovery.coreVersions(host) : discovery.groupList());
      return;
    }
    String apiVersion = form == Form.DISCOVERY_V2 ? "v2" : "v2beta1";
    Bytes body = JsonWriter.write(discovery.aggregated(apiVersion, core));
    String etag = '"' + hash(body) + '"';
    String mediaType =
        "application/json;g=apidiscovery.k8s.io;v=" + apiVersion + ";as=APIGroupDiscoveryList";
    Headers headers =
        Replies.headers(call, mediaType).add("etag", etag).add("vary", "Accept").build();
    if (exchange.headers().first("if-none-match").filter(etag::equals).isPresent()) {
      exchange.respond(304, headers, Bytes.EMPTY);
    } else {
      exchange.respond(200, headers, body);
    }
  }

  /** SHA-512 in upper-case hexadecimal, as upstream's ETags are. */
  static String hash(Bytes body) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-512").digest(body.unsafeArray());
      return HexFormat.of().withUpperCase().formatHex(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this runtime has no SHA-512", e);
    }
  }
}
