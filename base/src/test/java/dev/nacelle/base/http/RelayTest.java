package dev.nacelle.base.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nacelle.base.bytes.Bytes;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RelayTest {
  private static final Headers TEXT = Headers.contentType("text/plain");
  private static final Relay.Changes NONE =
      new Relay.Changes() {
        @Override
        public Headers request(Headers headers) {
          return headers;
        }

        @Override
        public Relay.Answer answer(Relay.Answer answer) {
          return answer;
        }
      };

  private final HttpClient forward =
      HttpClient.builder().readTimeout(Duration.ZERO).newConnectionEachTime().build();
  private final HttpClient user = HttpClient.builder().readTimeout(Duration.ZERO).build();
  private final BlockingQueue<Exception> failures = new LinkedBlockingQueue<>();
  private final BlockingQueue<String> seen = new LinkedBlockingQueue<>();
  private volatile HttpHandler behind = exchange -> exchange.respond(200, TEXT, Bytes.EMPTY);
  private volatile Relay.Changes changes = NONE;
  private final TestServer backend;
  private final TestServer front;
  private volatile URI target;

  RelayTest() throws IOException {
    backend = TestServer.plain(exchange -> behind.handle(exchange));
    target = backend.uri("");
    front = TestServer.plain(this::relay);
  }

  @AfterEach
  void stop() {
    user.close();
    forward.close();
    front.close();
    backend.close();
  }

  private void relay(HttpExchange exchange) throws Exception {
    String query = exchange.rawQuery().isEmpty() ? "" : "?" + exchange.rawQuery();
    try {
      new Relay(forward)
          .forward(exchange, URI.create(target + exchange.rawPath() + query), changes);
    } catch (IOException e) {
      failures.add(e);
      exchange.respond(502, TEXT, Bytes.utf8(String.valueOf(e.getMessage())));
    }
  }

  private String text(HttpRequest request) throws Exception {
    try (HttpResponse response = user.send(request)) {
      return response.bytes(1 << 20).toUtf8();
    }
  }

  @Test
  void methodPathQueryHeadersAndBodyArrive() throws Exception {
    behind =
        exchange ->
            exchange.respond(
                201,
                Headers.of("x-answer", "yes"),
                Bytes.utf8(
                    exchange.method()
                        + " "
                        + exchange.rawPath()
                        + "?"
                        + exchange.rawQuery()
                        + " "
                        + exchange.headers().first("x-asked").orElse("")
                        + " "
                        + exchange.body(100).toUtf8()));
    var request = HttpRequest.of("PATCH", front.uri("/a%2Fb//c/?q=%20x")).with("x-asked", "1");
    try (HttpResponse response = user.send(request.with(Bytes.utf8("body")))) {
      assertThat(response.status()).isEqualTo(201);
      assertThat(response.headers().first("x-answer")).contains("yes");
      assertThat(response.bytes(1000).toUtf8()).isEqualTo("PATCH /a%2Fb//c/?q=%20x 1 body");
    }
  }

  @Test
  void headersOfOneConnectionStayOnIt() throws Exception {
    behind =
        exchange -> {
          var names = new StringBuilder();
          exchange.headers().forEach((name, value) -> names.append(name).append(' '));
          exchange.respond(
              200,
              Headers.of("connection", "x-mine", "x-mine", "1", "keep-alive", "5", "x-all", "1"),
              Bytes.utf8(names.toString()));
        };
    var request =
        HttpRequest.get(front.uri("/"))
            .with("connection", "x-hop")
            .with("x-hop", "1")
            .with("te", "trailers")
            .with("proxy-authorization", "secret")
            .with("x-end", "1");
    try (HttpResponse response = user.send(request)) {
      assertThat(response.headers().contains("x-all")).isTrue();
      assertThat(response.headers().contains("x-mine")).isFalse();
      assertThat(response.headers().contains("keep-alive")).isFalse();
      assertThat(response.bytes(1000).toUtf8().split(" "))
          .containsExactlyInAnyOrder("host", "x-end");
    }
  }

  @Test
  void bodiesStreamBothWaysAtOnce() throws Exception {
    behind =
        exchange -> {
          try (ResponseStream out = exchange.respondStreaming(200, TEXT);
              InputStream in = exchange.bodyStream()) {
            out.flush();
            byte[] part = new byte[100];
            for (int count = in.read(part); count >= 0; count = in.read(part)) {
              out.write(Bytes.wrap(java.util.Arrays.copyOf(part, count)));
              out.flush();
            }
          }
        };
    var ends = new LinkedBlockingQueue<byte[]>();
    InputStream body =
        new InputStream() {
          private InputStream part = InputStream.nullInputStream();

          @Override
          public int read() throws IOException {
            throw new IOException("read by parts");
          }

          @Override
          public int read(byte[] target, int offset, int length) throws IOException {
            int count = part.read(target, offset, length);
            if (count >= 0) {
              return count;
            }
            try {
              part = new ByteArrayInputStream(ends.take());
            } catch (InterruptedException e) {
              throw new IOException(e);
            }
            return part.read(target, offset, length);
          }
        };
    var request =
        HttpRequest.of("POST", front.uri("/")).with(new HttpRequest.Body.Streamed(() -> body, -1));
    try (HttpResponse response = user.send(request)) {
      for (String word : List.of("one", "two", "three")) {
        ends.add(word.getBytes(UTF_8));
        assertThat(response.body().readNBytes(word.length())).asString(UTF_8).isEqualTo(word);
      }
      ends.add(new byte[0]);
      assertThat(response.body().read()).isEqualTo(-1);
    }
  }

  @Test
  void theLengthOfABodyIsKept() throws Exception {
    behind = exchange -> exchange.respond(200, TEXT, Bytes.utf8("12345"));
    for (String method : List.of("GET", "HEAD")) {
      try (HttpResponse response = user.send(HttpRequest.of(method, front.uri("/")))) {
        assertThat(response.headers().first("content-length")).as(method).contains("5");
        assertThat(response.headers().contains("transfer-encoding")).isFalse();
        assertThat(response.bytes(100).toUtf8()).isEqualTo(method.equals("GET") ? "12345" : "");
      }
    }
  }

  @Test
  void anAnswerThatBreaksOffIsCutForTheClientToo() throws Exception {
    try (var server = new ServerSocket(0)) {
      target = URI.create("http://127.0.0.1:" + server.getLocalPort());
      for (String head :
          List.of(
              "content-length: 10\r\n\r\nabc", "transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n")) {
        Thread.ofVirtual().start(() -> answerRaw(server, "HTTP/1.1 200 OK\r\n" + head));
        try (HttpResponse response = user.send(HttpRequest.get(front.uri("/")))) {
          assertThat(response.body().readNBytes(3)).asString(UTF_8).isEqualTo("abc");
          assertThatThrownBy(() -> response.body().read()).isInstanceOf(IOException.class);
        }
      }
    }
  }

  private static void answerRaw(ServerSocket server, String answer) {
    try (Socket socket = server.accept()) {
      socket.getInputStream().read(new byte[4096]);
      socket.getOutputStream().write(answer.getBytes(UTF_8));
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void anUpgradeBecomesBytesBothWays() throws Exception {
    behind =
        exchange -> {
          try (DuplexStream stream = exchange.upgrade("shout/1", Headers.of("x-own", "1"))) {
            InputStream in = stream.input();
            for (int b = in.read(); b >= 0; b = in.read()) {
              stream.output().write(Character.toUpperCase(b));
              stream.output().flush();
            }
          }
          seen.add("ended");
        };
    var ask =
        HttpRequest.of("POST", front.uri("/"))
            .with("connection", "Upgrade")
            .with("upgrade", "shout/1");
    var switched = (UpgradeAnswer.Switched) user.askUpgrade(ask);
    assertThat(switched.headers().first("x-own")).contains("1");
    try (DuplexStream stream = switched.stream()) {
      OutputStream out = stream.output();
      out.write("hello".getBytes(UTF_8));
      out.flush();
      assertThat(stream.input().readNBytes(5)).asString(UTF_8).isEqualTo("HELLO");
    }
    assertThat(seen.take()).isEqualTo("ended");
  }

  @Test
  void aWebSocketPassesWithItsSubprotocolAndItsLargeMessages() throws Exception {
    behind =
        exchange -> {
          try (WebSocket socket = exchange.acceptWebSocket(List.of("b"), 1 << 20)) {
            while (socket.receive() instanceof WebSocket.Message.Binary(Bytes bytes)) {
              socket.send(bytes);
            }
          }
        };
    try (WebSocket socket =
        user.webSocket(HttpRequest.get(front.uri("/")), List.of("a", "b"), 1 << 20)) {
      assertThat(socket.subprotocol()).contains("b");
      Bytes large = Bytes.wrap(new byte[900_000]);
      socket.send(large);
      assertThat(socket.receive()).isEqualTo(new WebSocket.Message.Binary(large));
    }
  }

  @Test
  void aServerThatDoesNotUpgradeAnswersAsItLikes() throws Exception {
    behind = exchange -> exchange.respond(403, TEXT, Bytes.utf8("not you"));
    var ask =
        HttpRequest.get(front.uri("/")).with("connection", "upgrade").with("upgrade", "other");
    try (HttpResponse response = ((UpgradeAnswer.Refused) user.askUpgrade(ask)).response()) {
      assertThat(response.status()).isEqualTo(403);
      assertThat(response.bytes(100).toUtf8()).isEqualTo("not you");
    }
  }

  @Test
  void aServerThatCannotBeReachedIsNamedAsInGo() throws Exception {
    int port;
    try (var listener = new ServerSocket(0)) {
      port = listener.getLocalPort();
    }
    target = URI.create("http://127.0.0.1:" + port);
    assertThat(text(HttpRequest.get(front.uri("/")))).contains("cannot reach");
    assertThat(failures.take())
        .isInstanceOfSatisfying(
            UnreachableException.class,
            e ->
                assertThat(e.dialError())
                    .isEqualTo("dial tcp 127.0.0.1:" + port + ": connect: connection refused"));
  }

  @Test
  void aClientThatLeavesEndsTheWaitForTheServer() throws Exception {
    behind =
        exchange -> {
          exchange.onClose(() -> seen.add("left"));
          seen.add("asked");
          Thread.sleep(Duration.ofSeconds(50));
          exchange.respond(200, TEXT, Bytes.EMPTY);
        };
    try (Socket socket = front.connect()) {
      socket.getOutputStream().write("GET / HTTP/1.1\r\nhost: x\r\n\r\n".getBytes(UTF_8));
      assertThat(seen.take()).isEqualTo("asked");
    }
    assertThat(seen.take()).isEqualTo("left");
    assertThat(failures.take()).isInstanceOf(IOException.class);
  }

  @Test
  void whatIsRefusedOnTheWayBackIsNotAnswered() throws Exception {
    behind = exchange -> exchange.respond(200, TEXT, Bytes.utf8("secret"));
    changes =
        new Relay.Changes() {
          @Override
          public Headers request(Headers headers) {
            return headers.toBuilder().set("x-changed", "1").build();
          }

          @Override
          public Relay.Answer answer(Relay.Answer answer) throws IOException {
            throw new IOException("not this one");
          }
        };
    assertThat(text(HttpRequest.get(front.uri("/")))).isEqualTo("not this one");
  }
}
