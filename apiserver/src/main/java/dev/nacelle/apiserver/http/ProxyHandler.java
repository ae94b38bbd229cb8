package dev.nacelle.apiserver.http;

import dev.nacelle.api.status.ApiException;
import dev.nacelle.apiserver.gateway.NodeGateway;
import dev.nacelle.apiserver.pipeline.RequestPipeline;
import dev.nacelle.apiserver.pipeline.Target;
import dev.nacelle.apiserver.proxy.ProxyChanges;
import dev.nacelle.apiserver.proxy.ProxyTarget;
import dev.nacelle.apiserver.proxy.ProxyTargets;
import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.Headers;
import dev.nacelle.base.http.HttpClient;
import dev.nacelle.base.http.HttpExchange;
import dev.nacelle.base.http.Relay;
import dev.nacelle.base.http.UnreachableException;
import java.io.IOException;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.function.Function;

/**
 * The proxy subresources of pods, services and nodes: authorizes, finds out where the request goes,
 * and hands it on. At most {@value #MOST_REQUESTS} requests to one address at a time.
 */
final class ProxyHandler implements AutoCloseable {
  private static final int MOST_REQUESTS = 256;
  private static final Duration CONNECT = Duration.ofSeconds(30);

  private final RequestPipeline pipeline;
  private final ProxyTargets targets;
  private final NodeGateway nodes;
  private final HttpClient client =
      HttpClient.builder()
          // as upstream: whoever wants certificates checked must not go through a proxy
          .trustAnyServer()
          .connectTimeout(CONNECT)
          // a stream may be silent for as long as it likes
          .readTimeout(Duration.ZERO)
          .connectionsPerOrigin(MOST_REQUESTS)
          .newConnectionEachTime()
          .build();
  private final Relay relay = new Relay(client);

  ProxyHandler(RequestPipeline pipeline, ProxyTargets targets, NodeGateway nodes) {
    this.pipeline = pipeline;
    this.targets = targets;
    this.nodes = nodes;
  }

  @Override
  public void close() {
    client.close();
  }

  void handle(HttpExchange exchange, Call call, Target target, ResourcePath path) throws Exception {
    pipeline.connectThrough(call.context(), target, verb(exchange.method()));
    String rest = rest(exchange, path);
    ProxyTarget to = find(target);
    boolean upgrades = exchange.headers().hasToken("connection", "upgrade");
    boolean reads = exchange.method().equals("GET") || exchange.method().equals("HEAD");
    if (rest.isEmpty() && reads && !upgrades) {
      redirectToRoot(exchange, call);
      return;
    }
    Function<String, ApiException> failure =
        upgrades
            ? why -> BackendFailures.internal("error dialing backend: " + why)
            : why -> ApiException.unavailable("error trying to reach service: " + why);
    try {
      forward(exchange, call, to, rest);
    } catch (UnreachableException e) {
      throw failure.apply(e.dialError());
    } catch (IOException e) {
      throw BackendFailures.of(exchange, e, failure);
    }
  }

  private static String verb(String method) {
    return switch (method) {
      case "GET", "HEAD" -> "get";
      case "POST" -> "create";
      case "PUT" -> "update";
      case "PATCH" -> "patch";
      case "DELETE" -> "delete";
      case "OPTIONS" -> "";
      default ->
          throw ApiException.methodNotAllowed(
              "the server does not allow this method on the requested resource");
    };
  }

  private ProxyTarget find(Target target) {
    return switch (target.definition().names().plural()) {
      case "pods" -> targets.pod(target.namespace(), target.name());
      case "services" -> targets.service(target.namespace(), target.name());
      case "nodes" -> targets.node(target.name());
      default -> throw ApiException.notFound();
    };
  }

  /** A page's relative links need a directory to be relative to. */
  private static void redirectToRoot(HttpExchange exchange, Call call) {
    String query = exchange.rawQuery().isEmpty() ? "" : "?" + exchange.rawQuery();
    Headers headers =
        Headers.of("location", exchange.rawPath() + "/" + query, "audit-id", call.auditId());
    exchange.respond(301, headers, Bytes.EMPTY);
  }

  private void forward(HttpExchange exchange, Call call, ProxyTarget to, String rest)
      throws Exception {
    String path = rest.isEmpty() ? "/" : rest;
    switch (to) {
      case ProxyTarget.Node(String name) ->
          nodes.forward(
              exchange, new NodeGateway.NodeRequest(name, legal(path), legal(exchange.rawQuery())));
      case ProxyTarget.Address(String origin) -> {
        String raw = exchange.rawPath();
        String query = exchange.rawQuery().isEmpty() ? "" : "?" + legal(exchange.rawQuery());
        URI uri = URI.create(origin + legal(path) + query);
        var changes =
            new ProxyChanges(
                exchange,
                raw.substring(0, raw.length() - rest.length()),
                path,
                uri.getRawAuthority(),
                call.auditId());
        relay.forward(exchange, uri, changes);
      }
    }
  }

  /** What follows the subresource, as it was sent; begins with a slash unless it is empty. */
  private static String rest(HttpExchange exchange, ResourcePath path) {
    int at = end(exchange.rawPath(), steps(path));
    String decoded = exchange.path();
    String ours = decoded.substring(0, end(decoded, steps(path)));
    if (!URLDecoder.decode(exchange.rawPath().substring(0, at), StandardCharsets.UTF_8)
        .equals(ours)) {
      // an encoded slash within a name
      throw ApiException.notFound();
    }
    return exchange.rawPath().substring(at);
  }

  /** Where so many steps of a path end. */
  private static int end(String path, int steps) {
    int at = 0;
    for (int i = 0; i < steps; i++) {
      int slash = path.indexOf('/', at + 1);
      at = slash < 0 ? path.length() : slash;
    }
    return at;
  }

  /** The steps of a path up to its subresource. */
  private static int steps(ResourcePath path) {
    int group = path.group().isEmpty() ? 2 : 3;
    int namespace = path.namespace().isEmpty() ? 0 : 2;
    return group + namespace + 3;
  }

  /** Encodes what clients send though no URL may have it. */
  private static String legal(String raw) {
    var result = new StringBuilder(raw.length());
    raw.codePoints()
        .forEach(
            c -> {
              if (c > ' ' && c < 0x7f && "\"<>\\^`{|}".indexOf(c) < 0) {
                result.appendCodePoint(c);
              } else {
                for (byte b : Character.toString(c).getBytes(StandardCharsets.UTF_8)) {
                  result.append('%').append(String.format("%02X", b & 0xFF));
                }
              }
            });
    return result.toString().replaceAll("%(?![0-9A-Fa-f]{2})", "%25");
  }
}
