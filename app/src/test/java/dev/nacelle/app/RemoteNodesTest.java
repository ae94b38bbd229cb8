package dev.nacelle.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nacelle.api.client.Patch;
import dev.nacelle.api.client.WriteOptions;
import dev.nacelle.api.object.GroupVersionKind;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.Resources;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.apiserver.gateway.NodeGateway.NodeRequest;
import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.Headers;
import dev.nacelle.base.http.HttpClient;
import dev.nacelle.base.http.HttpExchange;
import dev.nacelle.base.http.HttpRequest;
import dev.nacelle.base.http.HttpResponse;
import dev.nacelle.base.http.HttpServer;
import dev.nacelle.base.http.QueryParameters;
import dev.nacelle.base.http.ResponseStream;
import dev.nacelle.base.http.TlsIdentity;
import dev.nacelle.base.http.UnreachableException;
import dev.nacelle.base.http.UpgradeAnswer;
import dev.nacelle.base.http.UpgradeRefusedException;
import dev.nacelle.base.http.WebSocket;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.base.json.JsonWriter;
import dev.nacelle.base.pki.SubjectAlternatives;
import dev.nacelle.base.spdy.SpdyConnection;
import dev.nacelle.base.spdy.SpdyStream;
import java.net.InetAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RemoteNodesTest {
  private static final Duration LIFE = Duration.ofDays(1);
  private static final List<String> PROTOCOLS = List.of("v5.channel.k8s.io", "v4.channel.k8s.io");

  @TempDir Path directory = Path.of("");
  private JoinTestCluster cluster;
  private NodeServer node;
  private RemoteNodes remote;
  private HttpServer front;
  private final HttpClient user = HttpClient.builder().build();
  private final CountDownLatch go = new CountDownLatch(1);
  private final CountDownLatch left = new CountDownLatch(1);
  private final LinkedBlockingQueue<WebSocket.Message> received = new LinkedBlockingQueue<>();

  @BeforeEach
  void start() throws Exception {
    cluster = new JoinTestCluster(directory);
    var names = new SubjectAlternatives(List.of("n2"), List.of(InetAddress.getByName("127.0.0.1")));
    node =
        NodeServer.start(
            cluster.loops,
            "127.0.0.1",
            cluster.pki.serverIdentity("node", names),
            List.of(cluster.pki.authorityCertificate()),
            InstantSource.system());
    node.serve(this::answer);
    TlsIdentity identity =
        cluster.pki.clientIdentity(NodeServer.API_SERVER, List.of(NodeServer.MASTERS), LIFE);
    remote =
        new RemoteNodes(
            cluster.client(), List.of(cluster.pki.authorityCertificate()), () -> identity);
    node("n2", node.port());
    front = HttpServer.builder(cluster.loops, this::front).start();
  }

  @AfterEach
  void stop() {
    user.close();
    front.close();
    remote.close();
    node.close();
    cluster.close();
  }

  private void node(String name, int port) {
    cluster
        .client()
        .create(
            Resources.NODES,
            KubeObject.of(new GroupVersionKind("", "v1", "Node"), ObjectKey.cluster(name)),
            WriteOptions.by("test"));
    JsonObject address =
        JsonObject.builder().put("type", "InternalIP").put("address", "127.0.0.1").build();
    JsonObject status =
        JsonObject.EMPTY
            .with("addresses", JsonArray.of(address))
            .withAt(Json.of(port), "daemonEndpoints", "kubeletEndpoint", "Port");
    cluster
        .client()
        .patch(
            Resources.NODES,
            ObjectKey.cluster(name),
            Patch.merge(JsonObject.EMPTY.with("status", status)),
            WriteOptions.by("test").of("status"));
  }

  /** What an API server does around its gateway. */
  private void front(HttpExchange exchange) throws Exception {
    String nodeName = exchange.query().first("node").orElse("n2");
    try {
      remote.forward(exchange, new NodeRequest(nodeName, exchange.path(), exchange.rawQuery()));
    } catch (ApiException e) {
      exchange.respond(
          e.code(), Headers.contentType("application/json"), JsonWriter.write(e.status().toJson()));
    } catch (UnreachableException e) {
      exchange.respond(503, Headers.contentType("text/plain"), Bytes.utf8(e.dialError()));
    }
  }

  /** What a node does. */
  private void answer(HttpExchange exchange, String path, QueryParameters query) throws Exception {
    switch (path.split("/", -1)[1]) {
      case "containerLogs" -> {
        exchange.onClose(left::countDown);
        ResponseStream out = exchange.respondStreaming(200, Headers.contentType("text/plain"));
        out.write(Bytes.utf8("first " + query.first("tailLines").orElse("") + "\n"));
        out.flush();
        if (!go.await(30, TimeUnit.SECONDS)) {
          throw new IllegalStateException("nobody went on");
        }
        out.write(Bytes.utf8("second\n"));
        out.close();
      }
      case "exec" -> {
        WebSocket socket = exchange.acceptWebSocket(PROTOCOLS, 1 << 20);
        while (true) {
          WebSocket.Message message = socket.receive();
          received.add(message);
          switch (message) {
            case WebSocket.Message.Binary(Bytes bytes) -> socket.send(bytes);
            case WebSocket.Message.Text(String text) -> {
              if (text.equals("end")) {
                socket.close(4001, "as asked");
                return;
              }
              socket.send(text);
            }
            case WebSocket.Message.Closed closed -> {
              return;
            }
          }
        }
      }
      case "attach" -> {
        String version = exchange.headers().first("x-stream-protocol-version").orElse("");
        boolean bare = !exchange.headers().contains("authorization");
        var stream =
            exchange.upgrade(
                SpdyConnection.PROTOCOL,
                Headers.of(
                    "x-stream-protocol-version", version + (bare ? ", without credentials" : "")));
        try (var connection = SpdyConnection.ofServer(stream)) {
          SpdyStream data = connection.accept().orElseThrow();
          data.reply();
          data.input().transferTo(data.output());
          data.output().close();
        }
      }
      default -> throw ApiException.badRequest("container x is not valid for pod y");
    }
  }

  private URI url(String path) {
    return URI.create("http://127.0.0.1:" + front.port() + path);
  }

  private JsonObject refusal(String path) throws Exception {
    try (HttpResponse response = user.send(HttpRequest.get(url(path)))) {
      JsonObject status = JsonReader.readObject(response.bytes(1 << 20));
      assertThat(status.integer("code")).hasValue(response.status());
      return status;
    }
  }

  private WebSocket exec() throws Exception {
    return user.webSocket(
        HttpRequest.get(url("/exec/default/p/c?command=sh+-c")), PROTOCOLS, 1 << 20);
  }

  @Test
  void aLogArrivesAsItIsWritten() throws Exception {
    try (HttpResponse response =
        user.send(HttpRequest.get(url("/containerLogs/default/p/c?tailLines=7&follow=true")))) {
      assertThat(response.status()).isEqualTo(200);
      assertThat(new String(response.body().readNBytes(8))).isEqualTo("first 7\n");
      go.countDown();
      assertThat(new String(response.body().readAllBytes())).isEqualTo("second\n");
    }
  }

  @Test
  void aReaderThatLeavesEndsTheNodesStream() throws Exception {
    try (HttpResponse response =
        user.send(HttpRequest.get(url("/containerLogs/default/p/c?follow=true")))) {
      assertThat(response.body().read()).isEqualTo('f');
    }
    assertThat(left.await(30, TimeUnit.SECONDS)).isTrue();
    go.countDown();
  }

  @Test
  void messagesPassBothWaysWithTheSubprotocol() throws Exception {
    byte[] large = new byte[600_000];
    try (WebSocket socket = exec()) {
      assertThat(socket.subprotocol()).contains("v5.channel.k8s.io");
      socket.send(Bytes.wrap(large));
      socket.send("text");
      assertThat(socket.receive()).isEqualTo(new WebSocket.Message.Binary(Bytes.wrap(large)));
      assertThat(socket.receive()).isEqualTo(new WebSocket.Message.Text("text"));
    }
  }

  @Test
  void theNodesCloseCodeReachesTheClient() throws Exception {
    try (WebSocket socket = exec()) {
      socket.send("end");
      assertThat(socket.receive()).isEqualTo(new WebSocket.Message.Closed(4001, "as asked"));
    }
  }

  @Test
  void theClientsCloseCodeReachesTheNode() throws Exception {
    exec().close(4002, "enough");
    assertThat(received.poll(30, TimeUnit.SECONDS))
        .isEqualTo(new WebSocket.Message.Closed(4002, "enough"));
  }

  @Test
  void anUpgradedConnectionCarriesBytesAndTheNodesHeaders() throws Exception {
    var ask =
        HttpRequest.of("POST", url("/attach/default/p/c"))
            .with("connection", "Upgrade")
            .with("upgrade", SpdyConnection.PROTOCOL)
            .with("x-stream-protocol-version", "v4.channel.k8s.io")
            .with("authorization", "Bearer secret");
    var switched = (UpgradeAnswer.Switched) user.askUpgrade(ask);
    assertThat(switched.headers().first("x-stream-protocol-version"))
        .contains("v4.channel.k8s.io, without credentials");
    try (var connection = SpdyConnection.ofClient(switched.stream())) {
      SpdyStream stream = connection.open(Headers.of("streamtype", "data"));
      stream.output().write("echo".getBytes(StandardCharsets.UTF_8));
      stream.output().close();
      assertThat(stream.input().readAllBytes()).asString().isEqualTo("echo");
    }
  }

  @Test
  void theNodesRefusalIsShownInItsOwnWords() throws Exception {
    assertThat(refusal("/stats").string("message")).contains("container x is not valid for pod y");
    assertThatThrownBy(
            () -> user.webSocket(HttpRequest.get(url("/other/a/b/c")), PROTOCOLS, 1 << 20))
        .isInstanceOfSatisfying(
            UpgradeRefusedException.class, e -> assertThat(e.status()).isEqualTo(400))
        .hasMessageContaining("\"message\":\"container x is not valid for pod y\"");
  }

  @Test
  void aNodeThatCannotBeReachedIsNamed() throws Exception {
    int port = node.port();
    node.close();
    try (HttpResponse response = user.send(HttpRequest.get(url("/containerLogs/default/p/c")))) {
      assertThat(response.bytes(1 << 20).toUtf8())
          .isEqualTo("dial tcp 127.0.0.1:" + port + ": connect: connection refused");
    }
  }

  @Test
  void aNodeThatIsNotKnownIsNotFound() throws Exception {
    assertThat(refusal("/containerLogs/default/p/c?node=other").string("message"))
        .contains("nodes \"other\" not found");
  }

  @Test
  void onlyTheApiServerIsLetIn() throws Exception {
    assertThat(nodeAnswers(HttpClient.builder())).isEqualTo(401);
    assertThat(nodeAnswers(as(cluster, "system:node:n3", "system:nodes"))).isEqualTo(403);
    assertThat(nodeAnswers(as(cluster, NodeServer.API_SERVER, "x"))).isEqualTo(400);
    assertThat(nodeAnswers(as(cluster, "root", NodeServer.MASTERS))).isEqualTo(400);
    try (var other = new JoinTestCluster(directory.resolve("other"))) {
      assertThat(nodeAnswers(as(other, NodeServer.API_SERVER, NodeServer.MASTERS))).isEqualTo(401);
    }
  }

  private static HttpClient.Builder as(JoinTestCluster of, String name, String group) {
    TlsIdentity identity = of.pki.clientIdentity(name, List.of(group), LIFE);
    return HttpClient.builder().identity(() -> identity);
  }

  private int nodeAnswers(HttpClient.Builder builder) throws Exception {
    try (HttpClient client = builder.trust(List.of(cluster.pki.authorityCertificate())).build();
        HttpResponse response =
            client.send(
                HttpRequest.get(URI.create("https://127.0.0.1:" + node.port() + "/stats")))) {
      return response.status();
    }
  }
}
