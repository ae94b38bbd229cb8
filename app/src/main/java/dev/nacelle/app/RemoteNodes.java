package dev.nacelle.app;

import dev.nacelle.api.client.ApiClient;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.Resources;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.api.status.Status;
import dev.nacelle.apiserver.gateway.ClientHeaders;
import dev.nacelle.apiserver.gateway.NodeGateway;
import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.Headers;
import dev.nacelle.base.http.HttpClient;
import dev.nacelle.base.http.HttpExchange;
import dev.nacelle.base.http.Relay;
import dev.nacelle.base.http.TlsIdentity;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.base.json.JsonSyntaxException;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;

/**
 * The way to the nodes of other hosts: finds a node's endpoint by its status, and hands requests on
 * with the API server's client certificate. Bounded to {@value #MOST_REQUESTS} requests per node at
 * once; upgraded connections do not count. Safe for any thread.
 */
final class RemoteNodes implements NodeGateway, AutoCloseable {
  private static final int MOST_REQUESTS = 256;
  private static final int MAX_REFUSAL = 64 << 10;
  private static final Duration CONNECT = Duration.ofSeconds(10);

  private final ApiClient api;
  private final HttpClient client;
  private final Relay relay;

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
    this.relay = new Relay(client);
  }

  @Override
  public void close() {
    client.close();
  }

  @Override
  public void forward(HttpExchange exchange, NodeRequest request) throws Exception {
    relay.forward(exchange, uri(request), new ToNode());
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

  /** A node's opinion of the API server is not one of the client. */
  private static final class ToNode implements Relay.Changes {
    @Override
    public Headers request(Headers headers) {
      return ClientHeaders.withoutCredentials(headers).toBuilder().remove("host").build();
    }

    @Override
    public Relay.Answer answer(Relay.Answer answer) throws IOException {
      boolean isStatus =
          answer.headers().first("content-type").filter("application/json"::equals).isPresent();
      if (isStatus && (answer.status() == 401 || answer.status() == 403)) {
        byte[] text = answer.body().readNBytes(MAX_REFUSAL);
        throw ApiException.internal("the node refused the API server: " + message(text));
      }
      return answer;
    }

    private static String message(byte[] text) {
      try {
        return Status.of(JsonReader.readObject(Bytes.wrap(text))).message();
      } catch (JsonSyntaxException e) {
        return new String(text, StandardCharsets.UTF_8).strip();
      }
    }
  }
}
