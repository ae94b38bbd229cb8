package dev.nacelle.app;

import dev.nacelle.api.client.ApiClient;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.Resources;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.api.status.Status;
import dev.nacelle.apiserver.gateway.NodeGateway;
import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.Headers;
import dev.nacelle.base.http.HttpClient;
import dev.nacelle.base.http.HttpExchange;
import dev.nacelle.base.http.HttpRequest;
import dev.nacelle.base.http.HttpResponse;
import dev.nacelle.base.http.ResponseStream;
import dev.nacelle.base.http.TlsIdentity;
import dev.nacelle.base.http.UpgradeRefusedException;
import dev.nacelle.base.http.WebSocket;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.base.json.JsonSyntaxException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;

/**
 * The way to the nodes of other hosts: finds a node's endpoint by its status, and hands requests on
 * with the API server's client certificate. Bounded to {@value #MOST_REQUESTS} requests per node at
 * once; WebSockets do not count. Safe for any thread.
 */
final class RemoteNodes implements NodeGateway, AutoCloseable {
  private static final int MOST_REQUESTS = 256;
  private static final int MAX_REFUSAL = 64 << 10;
  private static final int CHUNK = 32 << 10;
  private static final Duration CONNECT = Duration.ofSeconds(10);

  private final ApiClient api;
  private final HttpClient client;

  /**
   * A way to the nodes that an API tells of.
   *
   * @param authorities who may have signed the nodes' certificates
   * @param identity the API server's client certificate, which nodes let in
   */
  RemoteNodes(ApiClient api, List<X509Certificate> authorities, Supplier<TlsIdentity> identity) {
    this.api = api;
    this.client =
        HttpClient.builder()
            .trust(authorities)
            .identity(identity)
            .connectTimeout(CONNECT)
            // a log that is followed may be silent for as long as it likes
            .readTimeout(Duration.ZERO)
            .connectionsPerOrigin(MOST_REQUESTS)
            .build();
  }

  @Override
  public void close() {
    client.close();
  }

  @Override
  public void forward(HttpExchange exchange, NodeRequest request) throws Exception {
    URI uri = uri(request);
    if (exchange.isWebSocketUpgrade()) {
      bridge(exchange, uri);
    } else {
      relay(exchange, uri);
    }
  }

  private URI uri(NodeRequest request) {
    KubeObject node = api.get(Resources.NODES, ObjectKey.cluster(request.nodeName()));
    String address =
        node.status()
            .array("addresses")
            .objects()
            .filter(a -> a.string("type").filter("InternalIP"::equals).isPresent())
            .findFirst()
            .flatMap(a -> a.string("address"))
            .orElse("");
    long port = node.status().integer("daemonEndpoints", "kubeletEndpoint", "Port").orElse(0);
    if (address.isEmpty() || port < 1 || port > 65_535) {
      throw ApiException.unavailable(
          "error dialing backend: node \"" + node.name() + "\" has not told its endpoint yet");
    }
    String host = address.contains(":") ? "[" + address + "]" : address;
    String query = request.query().isEmpty() ? "" : "?" + request.query();
    return URI.create("https://" + host + ":" + port + request.path() + query);
  }

  private void relay(HttpExchange exchange, URI uri) throws InterruptedException {
    HttpRequest request =
        new HttpRequest(exchange.method(), uri, Headers.EMPTY, new HttpRequest.Body.Empty());
    var departure = new RemoteDeparture(exchange);
    try (HttpResponse response = departure.guard(() -> client.send(request))) {
      if (response.status() / 100 != 2) {
        throw refusal(
            response.status(),
            new String(
                response.body().readNBytes(MAX_REFUSAL), java.nio.charset.StandardCharsets.UTF_8));
      }
      exchange.onClose(response::close);
      copy(response, exchange);
    } catch (IOException e) {
      throw unreachable(e);
    }
  }

  private static void copy(HttpResponse response, HttpExchange exchange)
      throws IOException, InterruptedException {
    String type = response.headers().first("content-type").orElse("text/plain");
    ResponseStream out = exchange.respondStreaming(response.status(), Headers.contentType(type));
    try {
      out.flush();
      InputStream in = response.body();
      byte[] chunk = new byte[CHUNK];
      for (int count = in.read(chunk); count >= 0; count = in.read(chunk)) {
        out.write(Bytes.wrap(Arrays.copyOf(chunk, count)));
        if (in.available() == 0) {
          out.flush();
        }
      }
      out.close();
    } catch (IOException e) {
      // answered already: the client must see that something is missing
      out.abort();
    }
  }

  private void bridge(HttpExchange exchange, URI uri) throws InterruptedException {
    List<String> offered =
        exchange.headers().all("sec-websocket-protocol").stream()
            .flatMap(line -> Arrays.stream(line.split(",", -1)))
            .map(String::strip)
            .filter(name -> !name.isEmpty())
            .toList();
    WebSocket node;
    try {
      var departure = new RemoteDeparture(exchange);
      node =
          departure.guard(
              () -> client.webSocket(HttpRequest.get(uri), offered, RemoteBridge.MAX_FRAME));
    } catch (UpgradeRefusedException e) {
      throw refusal(e.status(), String.valueOf(e.getMessage()));
    } catch (IOException e) {
      throw unreachable(e);
    }
    RemoteBridge.run(exchange, node);
  }

  /** What the node refused with, in its own words where it is a {@code Status}. */
  private static ApiException refusal(int code, String text) {
    int brace = text.indexOf('{');
    if (brace >= 0) {
      try {
        JsonObject json = JsonReader.readObject(Bytes.utf8(text.substring(brace)));
        if (json.string("kind").filter("Status"::equals).isPresent()) {
          return fromNode(Status.of(json));
        }
      } catch (JsonSyntaxException e) {
        // cut short, or not JSON: the text is shown
      }
    }
    return fromNode(new Status(code, "", text.strip(), Status.Details.NONE));
  }

  /** The node's opinion of the API server is not one of the client. */
  private static ApiException fromNode(Status status) {
    return status.code() == 401 || status.code() == 403 || status.code() < 400
        ? ApiException.internal("the node refused the API server: " + status.message())
        : new ApiException(status);
  }

  private static ApiException unreachable(IOException e) {
    return ApiException.unavailable("error dialing backend: " + e.getMessage());
  }
}
