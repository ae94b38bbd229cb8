package dev.nacelle.base.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.pki.SubjectName;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.net.http.HttpClient.Version;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(120)
class HttpServerTest {
  private static final Headers TEXT = Headers.contentType("text/plain");

  private static void describe(HttpExchange exchange) throws Exception {
    String text =
        "%s %s %s %s %s %s %s"
            .formatted(
                exchange.protocol(),
                exchange.method(),
                exchange.rawPath(),
                exchange.path(),
                exchange.query().all("a"),
                exchange.headers().first("X-One").orElse("-"),
                exchange.body(1 << 20).toUtf8());
    exchange.respond(200, TEXT, Bytes.utf8(text));
  }

  @ParameterizedTest
  @EnumSource(Version.class)
  void aForeignClientSeesItsRequestUnderstood(Version version) throws Exception {
    try (var server = TestServer.tls(HttpServerTest::describe);
        var client = TestServer.foreign(version, Optional.empty())) {
      var request =
          java.net.http.HttpRequest.newBuilder(server.uri("/x%2Fy%20z?a=1&b=2&a=%26"))
              .header("x-one", "uno")
              .POST(BodyPublishers.ofString("hello"))
              .build();
      var response = client.send(request, BodyHandlers.ofString());
      assertThat(response.version()).isEqualTo(version);
      assertThat(response.headers().firstValue("date")).isPresent();
      assertThat(response.body())
          .isEqualTo(
              (version == Version.HTTP_2 ? "HTTP/2.0" : "HTTP/1.1")
                  + " POST /x%2Fy%20z /x/y z [1, &] uno hello");
    }
  }

  @Test
  void theHandlerSeesTheClientsCertificateAndItsOwner() throws Exception {
    HttpHandler who =
        exchange -> {
          List<?> first = exchange.perConnection(List.class, () -> exchange.peerCertificates());
          String name =
              exchange.peerCertificates().isEmpty()
                  ? "nobody"
                  : SubjectName.of(exchange.peerCertificates().getFirst()).toString();
          exchange.respond(200, TEXT, Bytes.utf8(name + (first == exchange.peerCertificates())));
        };
    try (var server = TestServer.tls(who)) {
      for (Version version : Version.values()) {
        var identity = Optional.of(TestServer.clientIdentity("jane", "dev", "ops"));
        try (var client = TestServer.foreign(version, identity)) {
          assertThat(get(client, server.uri("/")).body())
              .isEqualTo("SubjectName[commonName=jane, organizations=[dev, ops]]true");
        }
        try (var client = TestServer.foreign(version, Optional.empty())) {
          assertThat(get(client, server.uri("/")).body()).isEqualTo("nobodytrue");
        }
      }
    }
  }

  private static java.net.http.HttpResponse<String> get(java.net.http.HttpClient client, URI uri)
      throws Exception {
    return client.send(java.net.http.HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString());
  }

  @Test
  void aResumedSessionStillHasTheClientsCertificate() throws Exception {
    HttpHandler who =
        exchange ->
            exchange.respond(
                200, TEXT, Bytes.utf8(Integer.toString(exchange.peerCertificates().size())));
    try (var server = TestServer.tls(who)) {
      var context = TestServer.sslContext(Optional.of(TestServer.clientIdentity("jane")));
      var created = new ArrayList<Long>();
      for (int i = 0; i < 2; i++) {
        try (var socket =
            (javax.net.ssl.SSLSocket)
                context.getSocketFactory().createSocket("127.0.0.1", server.server.port())) {
          socket.getOutputStream().write("GET / HTTP/1.1\r\nhost: x\r\n\r\n".getBytes(UTF_8));
          assertThat(readAnswer(socket.getInputStream())).endsWith("1");
          created.add(socket.getSession().getCreationTime());
        }
      }
      assertThat(created.get(1)).isEqualTo(created.get(0));
    }
  }

  @Test
  void aRenewedCertificateIsShownToNewConnections() throws Exception {
    var identity = new AtomicReference<>(TestServer.serverIdentity("old"));
    var tls = new ServerTls(identity::get, ServerTls.ClientCertificates.IGNORED);
    try (var server = TestServer.tls(HttpServerTest::describe, tls)) {
      var context = TestServer.sslContext(Optional.empty());
      assertThat(shownBy(context, server)).isEqualTo("CN=old");
      identity.set(TestServer.serverIdentity("new"));
      context = TestServer.sslContext(Optional.empty());
      assertThat(shownBy(context, server)).isEqualTo("CN=new");
    }
  }

  private static String shownBy(javax.net.ssl.SSLContext context, TestServer server)
      throws Exception {
    try (var socket =
        (javax.net.ssl.SSLSocket)
            context.getSocketFactory().createSocket("127.0.0.1", server.server.port())) {
      socket.startHandshake();
      return socket.getSession().getPeerPrincipal().getName();
    }
  }

  @Test
  void requestsSentAheadAreAnsweredInTheirOrder() throws Exception {
    try (var server = TestServer.plain(HttpServerTest::describe);
        Socket socket = server.connect()) {
      var requests = new StringBuilder();
      for (int i = 0; i < 200; i++) {
        requests.append(
            "POST /%d HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nbody%d".formatted(i, i % 10));
      }
      var writer =
          Thread.ofVirtual()
              .start(
                  () -> {
                    try {
                      socket.getOutputStream().write(requests.toString().getBytes(UTF_8));
                    } catch (IOException e) {
                      throw new java.io.UncheckedIOException(e);
                    }
                  });
      InputStream in = socket.getInputStream();
      for (int i = 0; i < 200; i++) {
        assertThat(readAnswer(in)).endsWith("POST /%d /%d [] - body%d".formatted(i, i, i % 10));
      }
      writer.join();
    }
  }

  /** One answer with a content-length, as one text. */
  private static String readAnswer(InputStream in) throws IOException {
    Http1Wire.Head head = Http1Wire.readHead(in);
    int length = Integer.parseInt(head.headers().first("content-length").orElseThrow());
    return head.status() + " " + new String(in.readNBytes(length), UTF_8);
  }

  @ParameterizedTest
  @EnumSource(Version.class)
  void aBodyLargerThanTheHandlerAllowsIsAnsweredWith413(Version version) throws Exception {
    try (var server =
            TestServer.tls(e -> e.respond(200, TEXT, Bytes.utf8("" + e.body(1000).sizeBytes())));
        var client = TestServer.foreign(version, Optional.empty())) {
      assertThat(post(client, server.uri("/"), new byte[1000]).body()).isEqualTo("1000");
      assertThat(post(client, server.uri("/"), new byte[1001]).statusCode()).isEqualTo(413);
      assertThat(post(client, server.uri("/"), new byte[200_000]).statusCode()).isEqualTo(413);
      assertThat(post(client, server.uri("/"), new byte[4 << 20]).statusCode()).isEqualTo(413);
      assertThat(post(client, server.uri("/"), new byte[10]).body()).isEqualTo("10");
    }
  }

  @Test
  void plainHttpOnTheTlsPortIsToldSo() throws Exception {
    try (var server = TestServer.tls(e -> e.respond(200, TEXT, Bytes.EMPTY));
        var socket = server.connect()) {
      socket.getOutputStream().write("GET / HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(UTF_8));
      assertThat(new String(socket.getInputStream().readAllBytes(), UTF_8))
          .isEqualTo(
              "HTTP/1.0 400 Bad Request\r\n\r\n"
                  + "Client sent an HTTP request to an HTTPS server.\n");
    }
  }

  @Test
  void anHttp2RequestThatIsAnsweredEarlyMayEndBeforeItIsReset() throws Exception {
    try (var server =
            TestServer.tls(e -> e.respond(200, TEXT, Bytes.utf8("" + e.body(1000).sizeBytes())));
        var client = RawHttp2.connect(server.uri("/").getPort())) {
      client.beginPost(2 * 1024);
      client.data(new byte[1024], 0);
      assertThat(client.nextOfStream()).isEqualTo("HEADERS");
      assertThat(client.nextOfStream()).isEqualTo("DATA, END_STREAM");
      client.data(new byte[1024], RawHttp2.END_STREAM);
      client.ping();
      assertThat(client.nextOfStream()).isEqualTo("PING");

      client.beginPost(2 * 1024);
      assertThat(client.nextOfStream()).isEqualTo("HEADERS");
      assertThat(client.nextOfStream()).isEqualTo("DATA, END_STREAM");
      assertThat(client.nextOfStream()).isEqualTo("RST_STREAM 0");
    }
  }

  private static java.net.http.HttpResponse<String> post(
      java.net.http.HttpClient client, URI uri, byte[] body) throws Exception {
    return client.send(
        java.net.http.HttpRequest.newBuilder(uri).POST(BodyPublishers.ofByteArray(body)).build(),
        BodyHandlers.ofString());
  }

  @ParameterizedTest
  @EnumSource(Version.class)
  void aLargeUploadIsSlowedToTheReadersPaceAndArrivesWhole(Version version) throws Exception {
    int size = 64 << 20;
    var open = new CountDownLatch(1);
    HttpHandler slow =
        exchange -> {
          InputStream in = exchange.bodyStream();
          in.read();
          open.await();
          exchange.respond(
              200,
              TEXT,
              Bytes.utf8("" + (1 + in.transferTo(java.io.OutputStream.nullOutputStream()))));
        };
    try (var server = TestServer.tls(slow);
        var client = TestServer.foreign(version, Optional.empty())) {
      var taken = new AtomicInteger();
      InputStream source =
          new InputStream() {
            @Override
            public int read() {
              return taken.incrementAndGet() > size ? -1 : 0;
            }

            @Override
            public int read(byte[] b, int off, int len) {
              int count = Math.min(len, size - taken.get());
              taken.addAndGet(count);
              return count == 0 ? -1 : count;
            }
          };
      var answer =
          client.sendAsync(
              java.net.http.HttpRequest.newBuilder(server.uri("/"))
                  .POST(BodyPublishers.ofInputStream(() -> source))
                  .build(),
              BodyHandlers.ofString());
      Eventually.await("the upload begins", () -> taken.get() > 100_000);
      open.countDown();
      assertThat(answer.get(60, TimeUnit.SECONDS).body()).isEqualTo("" + size);
    }
  }

  @ParameterizedTest
  @EnumSource(Version.class)
  void aWatchSeesEachEventAtOnceAndEndsWhenItsClientLeaves(Version version) throws Exception {
    var gone = new CountDownLatch(1);
    var events = new java.util.concurrent.LinkedBlockingQueue<String>();
    HttpHandler watch =
        exchange -> {
          ResponseStream stream = exchange.respondStreaming(200, TEXT);
          Thread self = Thread.currentThread();
          stream.onClose(self::interrupt);
          stream.flush();
          try {
            while (true) {
              stream.write(Bytes.utf8(events.take() + "\n"));
              stream.flush();
            }
          } catch (InterruptedException | IOException e) {
            assertThat(stream.isClosed()).isTrue();
            gone.countDown();
          }
        };
    try (var server = TestServer.tls(watch)) {
      var client = TestServer.foreign(version, Optional.empty());
      var response =
          client.send(
              java.net.http.HttpRequest.newBuilder(server.uri("/")).build(),
              BodyHandlers.ofInputStream());
      var lines = new java.io.BufferedReader(new java.io.InputStreamReader(response.body(), UTF_8));
      for (int i = 0; i < 100; i++) {
        events.add("event " + i);
        assertThat(lines.readLine()).isEqualTo("event " + i);
      }
      lines.close();
      Eventually.await("the watch ends", gone);
      client.shutdownNow();
    }
  }

  @Test
  void aThousandStreamsOfOneConnectionLiveAtOnce() throws Exception {
    var running = new AtomicInteger();
    var release = new CountDownLatch(1);
    HttpHandler watch =
        exchange -> {
          try (ResponseStream stream = exchange.respondStreaming(200, TEXT)) {
            stream.flush();
            running.incrementAndGet();
            release.await();
            stream.write(Bytes.utf8(exchange.path()));
          }
        };
    try (var server = TestServer.tls(watch);
        var client = TestServer.foreign(Version.HTTP_2, Optional.empty())) {
      // the first request settles the one connection
      var answers = new ArrayList<CompletableFuture<java.net.http.HttpResponse<String>>>();
      answers.add(ask(client, server.uri("/0")));
      Eventually.await("the first stream", () -> running.get() == 1);
      for (int i = 1; i < 1000; i++) {
        answers.add(ask(client, server.uri("/" + i)));
      }
      Eventually.await("all streams are open", () -> running.get() == 1000);
      release.countDown();
      for (int i = 0; i < 1000; i++) {
        assertThat(answers.get(i).get(60, TimeUnit.SECONDS).body()).isEqualTo("/" + i);
      }
    }
  }

  private static CompletableFuture<java.net.http.HttpResponse<String>> ask(
      java.net.http.HttpClient client, URI uri) {
    return client.sendAsync(
        java.net.http.HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString());
  }

  @ParameterizedTest
  @EnumSource(Version.class)
  void aSlowReaderHoldsTheWriterBack(Version version) throws Exception {
    var written = new AtomicInteger();
    int size = 64 << 20;
    HttpHandler pour =
        exchange -> {
          try (ResponseStream stream = exchange.respondStreaming(200, TEXT)) {
            for (int i = 0; i < size / 65536; i++) {
              stream.write(Bytes.wrap(new byte[65536]));
              written.addAndGet(65536);
            }
          }
        };
    try (var server = TestServer.tls(pour);
        var client = TestServer.foreign(version, Optional.empty())) {
      var response =
          client.send(
              java.net.http.HttpRequest.newBuilder(server.uri("/")).build(),
              BodyHandlers.ofInputStream());
      try (InputStream body = response.body()) {
        body.read();
        int before;
        do {
          before = written.get();
          Eventually.await("some bytes", () -> written.get() > 0);
          java.util.concurrent.locks.LockSupport.parkNanos(100_000_000);
        } while (written.get() != before);
        assertThat(written.get()).isLessThan(size);
        assertThat(1 + body.transferTo(java.io.OutputStream.nullOutputStream())).isEqualTo(size);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Version.class)
  void largeAnswersAreCompressedForClientsThatAskForIt(Version version) throws Exception {
    Bytes large = Bytes.utf8("0123456789".repeat(50_000));
    try (var server = TestServer.tls(e -> e.respond(200, TEXT, large));
        var client = TestServer.foreign(version, Optional.empty())) {
      var plain = get(client, server.uri("/"));
      assertThat(plain.body()).isEqualTo(large.toUtf8());
      assertThat(plain.headers().firstValue("content-encoding")).isEmpty();
      var packed =
          client.send(
              java.net.http.HttpRequest.newBuilder(server.uri("/"))
                  .header("accept-encoding", "gzip")
                  .build(),
              BodyHandlers.ofByteArray());
      assertThat(packed.headers().firstValue("content-encoding")).hasValue("gzip");
      assertThat(packed.body().length).isLessThan(20_000);
      assertThat(new GZIPInputStream(new ByteArrayInputStream(packed.body())).readAllBytes())
          .isEqualTo(large.toByteArray());
    }
  }

  @Test
  void anUploadThatIsCutOffFailsItsReader() throws Exception {
    var failure = new CompletableFuture<IOException>();
    HttpHandler read =
        exchange -> {
          try {
            exchange.body(1 << 20);
          } catch (IOException e) {
            failure.complete(e);
            throw e;
          }
        };
    try (var server = TestServer.plain(read)) {
      try (Socket socket = server.connect()) {
        socket
            .getOutputStream()
            .write("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nhalf".getBytes(UTF_8));
        socket.getOutputStream().flush();
      }
      assertThat(failure.get(30, TimeUnit.SECONDS)).hasMessageContaining("left");
    }
  }

  @Test
  void oversizedAndBrokenHeadsAreRefused() throws Exception {
    try (var server = TestServer.plain(HttpServerTest::describe)) {
      assertThat(refusal(server, "GET / HTTP/1.1\r\nx: " + "y".repeat(70_000) + "\r\n\r\n"))
          .isEqualTo(431);
      assertThat(refusal(server, "GET /%zz HTTP/1.1\r\nhost: x\r\n\r\n")).isEqualTo(400);
      assertThat(refusal(server, "nonsense\r\n\r\n")).isEqualTo(400);
    }
  }

  private static int refusal(TestServer server, String request) throws IOException {
    try (Socket socket = server.connect()) {
      socket.getOutputStream().write(request.getBytes(UTF_8));
      return Http1Wire.readHead(socket.getInputStream()).status();
    }
  }

  @Test
  void aClientThatAsksFirstIsToldToContinue() throws Exception {
    try (var server = TestServer.plain(HttpServerTest::describe);
        Socket socket = server.connect()) {
      socket
          .getOutputStream()
          .write(
              "POST /e HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\nexpect: 100-continue\r\n\r\n"
                  .getBytes(UTF_8));
      assertThat(Http1Wire.readLine(socket.getInputStream())).isEqualTo("HTTP/1.1 100 Continue");
      assertThat(Http1Wire.readLine(socket.getInputStream())).isEmpty();
      socket.getOutputStream().write("ok".getBytes(UTF_8));
      assertThat(readAnswer(socket.getInputStream())).endsWith("ok");
    }
  }

  @Test
  void aFailingHandlerIsAnsweredWith500AndTheConnectionLives() throws Exception {
    HttpHandler handler =
        exchange -> {
          if (exchange.path().equals("/bad")) {
            throw new IllegalStateException("on purpose");
          }
          exchange.respond(204, Headers.EMPTY, Bytes.EMPTY);
        };
    try (var server = TestServer.plain(handler);
        Socket socket = server.connect()) {
      socket.getOutputStream().write("GET /bad HTTP/1.1\r\nhost: x\r\n\r\n".getBytes(UTF_8));
      assertThat(readAnswer(socket.getInputStream())).startsWith("500 ");
      socket.getOutputStream().write("GET /good HTTP/1.1\r\nhost: x\r\n\r\n".getBytes(UTF_8));
      assertThat(Http1Wire.readHead(socket.getInputStream()).status()).isEqualTo(204);
    }
  }

  @Test
  void quietConnectionsAreClosedAndWatchesAreNot() throws Exception {
    var release = new CountDownLatch(1);
    HttpHandler watch =
        exchange -> {
          try (ResponseStream stream = exchange.respondStreaming(200, TEXT)) {
            stream.flush();
            release.await();
            stream.write(Bytes.utf8("end"));
          }
        };
    var limits = new HttpLimits(100, 65536, 100, Duration.ofSeconds(3));
    try (var server = TestServer.plain(watch, limits);
        Socket quiet = server.connect();
        var client = HttpClient.builder().build();
        var live = client.send(HttpRequest.get(server.uri("/")))) {
      assertThat(quiet.getInputStream().read()).isEqualTo(-1);
      release.countDown();
      assertThat(live.bytes(100).toUtf8()).isEqualTo("end");
    }
  }

  @Test
  void connectionsBeyondTheLimitAreClosed() throws Exception {
    var limits = new HttpLimits(1, 65536, 100, Duration.ofMinutes(1));
    try (var server = TestServer.plain(HttpServerTest::describe, limits);
        Socket first = server.connect()) {
      first.getOutputStream().write("GET /a HTTP/1.1\r\nhost: x\r\n\r\n".getBytes(UTF_8));
      assertThat(readAnswer(first.getInputStream())).contains("/a");
      try (Socket second = server.connect()) {
        assertThat(second.getInputStream().read()).isEqualTo(-1);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Version.class)
  void closingLetsRequestsUnderWayEnd(Version version) throws Exception {
    var entered = new CountDownLatch(1);
    var release = new CountDownLatch(1);
    HttpHandler handler =
        exchange -> {
          entered.countDown();
          release.await();
          exchange.respond(200, TEXT, Bytes.utf8("done"));
        };
    try (var server = TestServer.tls(handler);
        var client = TestServer.foreign(version, Optional.empty())) {
      var answer = ask(client, server.uri("/"));
      Eventually.await("the request", entered);
      Thread closer = Thread.ofVirtual().start(() -> server.server.close(Duration.ofSeconds(30)));
      Eventually.await(
          "the port is closed",
          () -> {
            try (var probe = new Socket()) {
              probe.connect(new InetSocketAddress("127.0.0.1", server.server.port()), 1000);
              return false;
            } catch (IOException e) {
              return true;
            }
          });
      release.countDown();
      assertThat(answer.get(30, TimeUnit.SECONDS).body()).isEqualTo("done");
      assertThat(closer.join(Duration.ofSeconds(30))).isTrue();
    }
  }

  @Test
  void aUnixSocketServesItsOwnerAlone(@TempDir Path directory) throws Exception {
    var address = UnixDomainSocketAddress.of(directory.resolve("test.sock"));
    try (var loops = EventLoops.start(1);
        var server = HttpServer.builder(loops, HttpServerTest::describe).bind(address).start();
        var client = HttpClient.builder().unixSocket(address).build();
        var response = client.send(HttpRequest.get(URI.create("http://local/x")))) {
      assertThat(response.bytes(1000).toUtf8()).isEqualTo("HTTP/1.1 GET /x /x [] - ");
      assertThat(
              java.nio.file.attribute.PosixFilePermissions.toString(
                  Files.getPosixFilePermissions(address.getPath())))
          .isEqualTo("rw-------");
      assertThat(server.port()).isZero();
    }
    assertThat(address.getPath()).doesNotExist();
  }

  @Test
  void theFastPathsAreInUseOnThisKindOfMachine() {
    org.junit.jupiter.api.Assumptions.assumeTrue(
        System.getProperty("os.name").equals("Linux")
            && System.getProperty("os.arch").equals("amd64"),
        "native transports are shipped for Linux on amd64");
    assertThat(io.netty.channel.epoll.Epoll.isAvailable()).isTrue();
    assertThat(io.netty.handler.ssl.OpenSsl.isAvailable()).isTrue();
  }

  @Test
  void aTakenPortIsNamedInTheError() throws Exception {
    try (var server = TestServer.plain(HttpServerTest::describe);
        var loops = EventLoops.start(1)) {
      assertThatThrownBy(
              () ->
                  HttpServer.builder(loops, HttpServerTest::describe)
                      .bind(server.server.address())
                      .start())
          .isInstanceOf(IOException.class)
          .hasMessageContaining("cannot listen on");
    }
  }

  @Test
  void curlSpeaksHttp2WithIt(@TempDir Path directory) throws Exception {
    org.junit.jupiter.api.Assumptions.assumeTrue(
        Files.isExecutable(Path.of("/usr/bin/curl")), "curl is not installed");
    Path ca = directory.resolve("ca.pem");
    Files.writeString(ca, dev.nacelle.base.pki.Pem.of(TestServer.CA.certificate()));
    try (var server = TestServer.tls(HttpServerTest::describe)) {
      Process curl =
          new ProcessBuilder(
                  "/usr/bin/curl",
                  "-sS",
                  "--noproxy",
                  "*",
                  "--cacert",
                  ca.toString(),
                  "--http2",
                  "-d",
                  "hi",
                  server.uri("/c?a=1").toString())
              .redirectErrorStream(true)
              .start();
      assertThat(new String(curl.getInputStream().readAllBytes(), UTF_8))
          .isEqualTo("HTTP/2.0 POST /c /c [1] - hi");
    }
  }
}
