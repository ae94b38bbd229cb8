package dev.nacelle.apiserver.proxy;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.EventLoops;
import dev.nacelle.base.http.Headers;
import dev.nacelle.base.http.HttpClient;
import dev.nacelle.base.http.HttpExchange;
import dev.nacelle.base.http.HttpHandler;
import dev.nacelle.base.http.HttpRequest;
import dev.nacelle.base.http.HttpResponse;
import dev.nacelle.base.http.HttpServer;
import dev.nacelle.base.http.Relay;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ProxyChangesTest {
  private static final String PREFIX = "/proxy";
  private static final Headers HTML = Headers.contentType("text/html; charset=utf-8");

  private final EventLoops loops = EventLoops.start(1);
  private final HttpClient client =
      HttpClient.builder().readTimeout(Duration.ZERO).newConnectionEachTime().build();
  private volatile HttpHandler behind = exchange -> exchange.respond(200, HTML, Bytes.EMPTY);
  private final HttpServer backend;
  private final HttpServer front;

  ProxyChangesTest() throws IOException {
    backend = HttpServer.builder(loops, exchange -> behind.handle(exchange)).start();
    front = HttpServer.builder(loops, this::relay).start();
  }

  @AfterEach
  void stop() {
    client.close();
    front.close();
    backend.close();
    loops.close();
  }

  private void relay(HttpExchange exchange) throws Exception {
    String path = exchange.rawPath().substring(PREFIX.length());
    String authority = "127.0.0.1:" + backend.port();
    new Relay(client)
        .forward(
            exchange,
            URI.create("http://" + authority + path),
            new ProxyChanges(exchange, PREFIX, path, authority, "audit-1"));
  }

  private HttpRequest get(String path) {
    return HttpRequest.get(URI.create("http://127.0.0.1:" + front.port() + PREFIX + path));
  }

  private String page(HttpRequest request) throws Exception {
    try (HttpResponse response = client.send(request)) {
      return response.bytes(1 << 20).toUtf8();
    }
  }

  @Test
  void credentialsStayAndTheServerIsToldWhereItIsShown() throws Exception {
    behind =
        exchange -> {
          var text = new StringBuilder();
          exchange.headers().forEach((name, value) -> text.append(name + ": " + value + "\n"));
          exchange.respond(200, Headers.contentType("text/plain"), Bytes.utf8(text.toString()));
        };
    String seen =
        page(
            get("/a/b")
                .with("Authorization", "Bearer secret")
                .with("Impersonate-User", "root")
                .with("X-Remote-Group", "system:masters")
                .with("X-Forwarded-For", "192.0.2.7")
                .with("Host", "example.test")
                .with("Cookie", "theirs=1"));
    assertThat(seen)
        .contains("x-forwarded-uri: /proxy/a/b\n")
        .contains("x-forwarded-for: 192.0.2.7, 127.0.0.1\n")
        .containsIgnoringCase("host: example.test\n")
        .containsIgnoringCase("cookie: theirs=1\n")
        .doesNotContainIgnoringCase("authorization")
        .doesNotContainIgnoringCase("impersonate")
        .doesNotContainIgnoringCase("x-remote");
  }

  @Test
  void theTokenAmongTheSubprotocolsOfAWebSocketStaysToo() throws Exception {
    behind =
        exchange ->
            exchange.respond(
                200,
                Headers.contentType("text/plain"),
                Bytes.utf8(String.join("|", exchange.headers().all("sec-websocket-protocol"))));
    assertThat(
            page(
                get("/")
                    .with(
                        "sec-websocket-protocol",
                        "base64url.bearer.authorization.k8s.io.c2VjcmV0, chat, more")))
        .isEqualTo("chat, more");
  }

  @Test
  void aRedirectLeadsThroughTheProxy() throws Exception {
    behind =
        exchange ->
            exchange.respond(
                302,
                Headers.of("location", "http://127.0.0.1:" + backend.port() + "/login?next=%2F"),
                Bytes.EMPTY);
    try (HttpResponse response = client.send(get("/"))) {
      assertThat(response.status()).isEqualTo(302);
      assertThat(response.headers().first("location")).contains("/proxy/login?next=%2F");
      assertThat(response.headers().first("audit-id")).contains("audit-1");
    }
  }

  @Test
  void theLinksOfAPageLeadThroughTheProxy() throws Exception {
    behind = exchange -> exchange.respond(200, HTML, Bytes.utf8("<a href=\"/x\">grün</a>"));
    assertThat(page(get("/"))).isEqualTo("<a href=\"/proxy/x\">grün</a>");
    behind =
        exchange ->
            exchange.respond(
                200, Headers.contentType("application/json"), Bytes.utf8("<a href=\"/x\">"));
    assertThat(page(get("/"))).isEqualTo("<a href=\"/x\">");
  }

  @Test
  void aCompressedPageIsShownUncompressed() throws Exception {
    var compressed = new ByteArrayOutputStream();
    try (var gzip = new GZIPOutputStream(compressed)) {
      gzip.write("<a href=\"/x\">".getBytes(UTF_8));
    }
    Headers headers = HTML.toBuilder().add("content-encoding", "gzip").build();
    behind = exchange -> exchange.respond(200, headers, Bytes.wrap(compressed.toByteArray()));
    try (HttpResponse response = client.send(get("/"))) {
      assertThat(response.headers().contains("content-encoding")).isFalse();
      assertThat(response.bytes(1000).toUtf8()).isEqualTo("<a href=\"/proxy/x\">");
    }
    behind = exchange -> exchange.respond(304, headers, Bytes.EMPTY);
    try (HttpResponse response = client.send(get("/"))) {
      assertThat(response.status()).isEqualTo(304);
    }
  }

  @Test
  void whatTheServerGrantsToOtherOriginsIsNotGrantedHere() throws Exception {
    behind =
        exchange ->
            exchange.respond(
                200,
                Headers.of(
                    "access-control-allow-origin",
                    "*",
                    "access-control-allow-credentials",
                    "true",
                    "x-other",
                    "1"),
                Bytes.EMPTY);
    try (HttpResponse response = client.send(get("/"))) {
      assertThat(response.headers().contains("x-other")).isTrue();
      assertThat(response.headers().contains("access-control-allow-origin")).isFalse();
      assertThat(response.headers().contains("access-control-allow-credentials")).isFalse();
    }
  }
}
