package dev.nacelle.base.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.pki.SubjectName;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class HttpClientTest {
  private static final Headers TEXT = Headers.contentType("text/plain");

  @Test
  void aBodyOfAnyFormArrives() throws Exception {
    try (var server = TestServer.tls(e -> e.respond(200, TEXT, e.body(1 << 20)));
        var client = TestServer.client().build()) {
      var post = HttpRequest.of("POST", server.uri("/"));
      byte[] large = "x".repeat(300_000).getBytes(UTF_8);
      assertThat(text(client, post)).isEmpty();
      assertThat(text(client, post.with(Bytes.utf8("hi")))).isEqualTo("hi");
      for (long length : new long[] {large.length, -1}) {
        var body = new HttpRequest.Body.Streamed(() -> new ByteArrayInputStream(large), length);
        assertThat(text(client, post.with(body))).hasSize(large.length);
      }
    }
  }

  private static String text(HttpClient client, HttpRequest request) throws Exception {
    try (var response = client.send(request)) {
      return response.bytes(1 << 20).toUtf8();
    }
  }

  @Test
  void connectionsAreUsedAgainAndTheirNumberIsBounded() throws Exception {
    var connections = ConcurrentHashMap.<Object>newKeySet();
    HttpHandler handler =
        exchange -> {
          connections.add(exchange.perConnection(Object.class, Object::new));
          exchange.respond(200, TEXT, Bytes.utf8("ok"));
        };
    try (var server = TestServer.tls(handler);
        var client = TestServer.client().connectionsPerOrigin(3).build()) {
      var threads = new java.util.ArrayList<Thread>();
      for (int i = 0; i < 8; i++) {
        threads.add(
            Thread.ofVirtual()
                .start(
                    () -> {
                      for (int n = 0; n < 20; n++) {
                        try {
                          text(client, HttpRequest.get(server.uri("/")));
                        } catch (Exception e) {
                          throw new IllegalStateException(e);
                        }
                      }
                    }));
      }
      for (Thread thread : threads) {
        thread.join();
      }
      assertThat(connections).hasSizeBetween(1, 3);
    }
  }

  @Test
  void theClientShowsItsCertificateAndChecksTheServers() throws Exception {
    HttpHandler who =
        exchange ->
            exchange.respond(
                200,
                TEXT,
                Bytes.utf8(SubjectName.of(exchange.peerCertificates().getFirst()).commonName()));
    TlsIdentity jane = TestServer.clientIdentity("jane");
    try (var server = TestServer.tls(who);
        var client = TestServer.client().identity(() -> jane).build();
        var stranger = HttpClient.builder().build();
        var careless = HttpClient.builder().trustAnyServer().identity(() -> jane).build()) {
      assertThat(text(client, HttpRequest.get(server.uri("/")))).isEqualTo("jane");
      assertThat(text(careless, HttpRequest.get(server.uri("/")))).isEqualTo("jane");
      assertThatThrownBy(() -> stranger.send(HttpRequest.get(server.uri("/"))))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("127.0.0.1");
    }
  }

  @Test
  void closingAResponseCancelsItsRequest() throws Exception {
    var gone = new CountDownLatch(1);
    HttpHandler endless =
        exchange -> {
          ResponseStream stream = exchange.respondStreaming(200, TEXT);
          stream.onClose(gone::countDown);
          stream.write(Bytes.utf8("first\n"));
          stream.flush();
          gone.await();
        };
    try (var server = TestServer.tls(endless);
        var client = TestServer.client().readTimeout(Duration.ZERO).build()) {
      HttpResponse response = client.send(HttpRequest.get(server.uri("/")));
      assertThat(response.body().readNBytes(6)).isEqualTo("first\n".getBytes(UTF_8));
      var ended = new CountDownLatch(1);
      Thread.ofVirtual()
          .start(
              () -> {
                try {
                  response.body().read();
                } catch (IOException e) {
                  ended.countDown();
                }
              });
      response.close();
      Eventually.await("the reader wakes", ended);
      Eventually.await("the server notices", gone);
    }
  }

  @Test
  void aSilentServerRunsIntoTheReadTimeout() throws Exception {
    var release = new CountDownLatch(1);
    try (var server = TestServer.plain(e -> release.await());
        var client = HttpClient.builder().readTimeout(Duration.ofMillis(100)).build()) {
      assertThatThrownBy(() -> client.send(HttpRequest.get(server.uri("/"))))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("failed");
      release.countDown();
    }
  }

  @Test
  void redirectsAreFollowedAsFarAsAllowedAndKeepCredentialsAtHome() throws Exception {
    var elsewhere = new CompletableFuture<String>();
    try (var other =
            TestServer.plain(
                e -> {
                  elsewhere.complete(e.headers().first("authorization").orElse("none"));
                  e.respond(200, TEXT, Bytes.utf8("other"));
                });
        var server =
            TestServer.plain(
                e -> {
                  String to = e.path().equals("/near") ? "/far" : other.uri("/").toString();
                  e.respond(307, Headers.of("location", to), Bytes.EMPTY);
                });
        var follows = HttpClient.builder().redirects(5).build();
        var asks = HttpClient.builder().build()) {
      var request = HttpRequest.get(server.uri("/near")).with("authorization", "Bearer secret");
      assertThat(text(follows, request)).isEqualTo("other");
      assertThat(elsewhere.get(1, TimeUnit.SECONDS)).isEqualTo("none");
      try (var response = asks.send(request)) {
        assertThat(response.status()).isEqualTo(307);
      }
    }
  }

  @Test
  void aConnectionThatDiedInThePoolIsReplaced() throws Exception {
    var closed = new AtomicInteger();
    try (var listener = new ServerSocket(0, 5, java.net.InetAddress.getLoopbackAddress());
        var client = HttpClient.builder().build()) {
      Thread.ofVirtual()
          .start(
              () -> {
                for (int i = 1; i <= 2; i++) {
                  try (var socket = listener.accept()) {
                    while (!Http1Wire.readLine(socket.getInputStream()).isEmpty()) {
                      continue;
                    }
                    String answer = "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n" + i;
                    socket.getOutputStream().write(answer.getBytes(UTF_8));
                  } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                  }
                  closed.incrementAndGet();
                }
              });
      var request =
          HttpRequest.get(URI.create("http://127.0.0.1:" + listener.getLocalPort() + "/"));
      assertThat(text(client, request)).isEqualTo("1");
      Eventually.await("the server closes it", () -> closed.get() == 1);
      assertThat(text(client, request)).isEqualTo("2");
    }
  }

  @Test
  void anAnswerThatIsCutShortIsAnError() throws Exception {
    try (var listener = new ServerSocket(0, 1, java.net.InetAddress.getLoopbackAddress());
        var client = HttpClient.builder().build()) {
      Thread.ofVirtual()
          .start(
              () -> {
                try (var socket = listener.accept()) {
                  socket.getInputStream().readNBytes(16);
                  socket
                      .getOutputStream()
                      .write(
                          "HTTP/1.1 206 Partial\r\ncontent-length: 9\r\n\r\nshort".getBytes(UTF_8));
                } catch (IOException e) {
                  throw new java.io.UncheckedIOException(e);
                }
              });
      var uri = URI.create("http://127.0.0.1:" + listener.getLocalPort() + "/");
      try (var response = client.send(HttpRequest.get(uri).with("range", "bytes=0-8"))) {
        assertThat(response.status()).isEqualTo(206);
        assertThatThrownBy(() -> response.bytes(100)).isInstanceOf(IOException.class);
      }
    }
  }

  @Test
  void anUpgradedConnectionCarriesRawBytesBothWays() throws Exception {
    HttpHandler echo =
        exchange -> {
          try (DuplexStream stream = exchange.upgrade("shout/1", Headers.EMPTY)) {
            byte[] buffer = new byte[8192];
            for (int n = stream.input().read(buffer); n > 0; n = stream.input().read(buffer)) {
              stream.output().write(buffer, 0, n);
              stream.output().flush();
            }
          }
        };
    try (var server = TestServer.tls(echo);
        var client = TestServer.client().build();
        var stream = client.upgrade(HttpRequest.of("POST", server.uri("/")), "shout/1")) {
      for (int i = 0; i < 100; i++) {
        stream.output().write(("line " + i).getBytes(UTF_8));
        stream.output().flush();
        assertThat(stream.input().readNBytes(("line " + i).length()))
            .isEqualTo(("line " + i).getBytes(UTF_8));
      }
      assertThatThrownBy(() -> client.upgrade(HttpRequest.get(server.uri("/")), "other"))
          .isInstanceOf(UpgradeRefusedException.class)
          .hasMessageContaining("400");
    }
  }

  @Test
  void aPoolThatIsRetiredGivesWayToANewOne() throws Exception {
    var origin = new Origin(false, "127.0.0.1", 80);
    var pool = new ConnectionPool(2, ConnectionPool.Reuse.KEEP);
    assertThat(pool.acquire(Duration.ofSeconds(1), origin)).isTrue();
    assertThat(pool.retire()).isFalse();
    pool.release();
    assertThat(pool.retire()).isTrue();
    assertThat(pool.acquire(Duration.ofSeconds(1), origin)).isFalse();
  }

  @Test
  void proxiesAreChosenByTheUsualVariables() {
    var settings =
        ProxySettings.fromEnvironment(
            Map.of(
                "HTTP_PROXY", "http://p:3128",
                "https_proxy", "s:3129",
                "NO_PROXY", ".internal, 10.0.0.0/8,example.com:8080"));
    assertThat(settings.proxyFor(URI.create("http://a.b/"))).contains(URI.create("http://p:3128"));
    assertThat(settings.proxyFor(URI.create("https://a.b/"))).contains(URI.create("http://s:3129"));
    for (String direct :
        List.of(
            "http://localhost:1/",
            "https://127.0.0.9/",
            "https://[::1]/",
            "http://10.200.0.1/",
            "http://x.internal/",
            "http://example.com:8080/")) {
      assertThat(settings.proxyFor(URI.create(direct))).as(direct).isEmpty();
    }
    assertThat(settings.proxyFor(URI.create("http://example.com/"))).isPresent();
    assertThat(settings.proxyFor(URI.create("http://11.0.0.1/"))).isPresent();
  }

  @Test
  void aProxyIsAskedForPlainAndTunnelledRequests() throws Exception {
    var asked = ConcurrentHashMap.<String>newKeySet();
    HttpHandler proxy =
        exchange -> {
          asked.add(exchange.method() + " " + exchange.headers().first("host").orElse(""));
          exchange.respond(200, TEXT, Bytes.utf8("via proxy"));
        };
    try (var server = TestServer.plain(proxy);
        var client =
            HttpClient.builder()
                .proxy(
                    new ProxySettings(
                        java.util.Optional.of(server.uri("/")),
                        java.util.Optional.of(server.uri("/")),
                        List.of()))
                .build()) {
      assertThat(text(client, HttpRequest.get(URI.create("http://far.example/x"))))
          .isEqualTo("via proxy");
      // the target of a tunnel is not a path: this server is no proxy for TLS and says so
      assertThatThrownBy(() -> client.send(HttpRequest.get(URI.create("https://far.example/"))))
          .hasMessageContaining("the proxy 127.0.0.1 answered 400");
      assertThat(asked).containsExactly("GET far.example");
    }
  }
}
