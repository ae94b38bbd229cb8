package dev.nacelle.base.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nacelle.base.bytes.Bytes;
import java.net.URI;
import java.net.http.HttpClient.Version;
import java.net.http.WebSocketHandshakeException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class WebSocketTest {
  private static final List<String> KNOWN = List.of("v5.channel.k8s.io", "v4.channel.k8s.io");

  private static void echo(HttpExchange exchange) throws Exception {
    try (WebSocket socket = exchange.acceptWebSocket(KNOWN, 1 << 20)) {
      while (true) {
        switch (socket.receive()) {
          case WebSocket.Message.Binary(Bytes bytes) -> socket.send(bytes);
          case WebSocket.Message.Text(String text) -> {
            if (text.equals("bye")) {
              socket.close(4001, "as you wish");
              return;
            }
            socket.send(socket.subprotocol().orElse("none") + ":" + text);
          }
          case WebSocket.Message.Closed c -> {
            return;
          }
        }
      }
    }
  }

  /** Collects what the JDK's own client hears. */
  private static final class Listener implements java.net.http.WebSocket.Listener {
    private final BlockingQueue<String> heard = new LinkedBlockingQueue<>();
    private final StringBuilder partial = new StringBuilder();
    private int binary;

    @Override
    public @Nullable CompletionStage<?> onText(
        java.net.http.WebSocket socket, CharSequence data, boolean last) {
      partial.append(data);
      if (last) {
        heard.add(partial.toString());
        partial.setLength(0);
      }
      socket.request(1);
      return null;
    }

    @Override
    public @Nullable CompletionStage<?> onBinary(
        java.net.http.WebSocket socket, ByteBuffer data, boolean last) {
      binary += data.remaining();
      if (last) {
        heard.add("binary " + binary);
        binary = 0;
      }
      socket.request(1);
      return null;
    }

    @Override
    public @Nullable CompletionStage<?> onPong(java.net.http.WebSocket socket, ByteBuffer message) {
      heard.add("pong " + message.remaining());
      socket.request(1);
      return null;
    }

    @Override
    public @Nullable CompletionStage<?> onClose(
        java.net.http.WebSocket socket, int code, String reason) {
      heard.add("closed " + code + " " + reason);
      return null;
    }

    String next() throws InterruptedException {
      return String.valueOf(heard.poll(30, TimeUnit.SECONDS));
    }
  }

  private static URI uri(TestServer server) {
    return URI.create("wss://127.0.0.1:" + server.server.port() + "/exec");
  }

  @Test
  void aForeignClientTalksAndCloses() throws Exception {
    try (var server = TestServer.tls(WebSocketTest::echo);
        var client = TestServer.foreign(Version.HTTP_1_1, Optional.empty())) {
      var listener = new Listener();
      var socket =
          client
              .newWebSocketBuilder()
              .subprotocols("v9.unknown", "v4.channel.k8s.io", "v5.channel.k8s.io")
              .buildAsync(uri(server), listener)
              .get(30, TimeUnit.SECONDS);
      assertThat(socket.getSubprotocol()).isEqualTo("v4.channel.k8s.io");
      socket.sendText("hel", false).join();
      socket.sendText("lo é", true).join();
      assertThat(listener.next()).isEqualTo("v4.channel.k8s.io:hello é");
      socket.sendBinary(ByteBuffer.allocate(100_000), true).join();
      assertThat(listener.next()).isEqualTo("binary 100000");
      socket.sendPing(ByteBuffer.allocate(7)).join();
      assertThat(listener.next()).isEqualTo("pong 7");
      socket.sendText("bye", true).join();
      assertThat(listener.next()).isEqualTo("closed 4001 as you wish");
    }
  }

  @Test
  void withoutACommonSubprotocolTheHandshakeIsRefused() throws Exception {
    try (var server = TestServer.tls(WebSocketTest::echo);
        var foreign = TestServer.foreign(Version.HTTP_1_1, Optional.empty());
        var own = TestServer.client().build()) {
      assertThatThrownBy(
              () ->
                  foreign
                      .newWebSocketBuilder()
                      .subprotocols("v9.unknown")
                      .buildAsync(uri(server), new Listener())
                      .join())
          .isInstanceOf(CompletionException.class)
          .cause()
          .isInstanceOfSatisfying(
              WebSocketHandshakeException.class,
              e -> assertThat(e.getResponse().statusCode()).isEqualTo(400));
      assertThatThrownBy(
              () -> own.webSocket(HttpRequest.get(uri(server)), List.of("v9.unknown"), 1000))
          .isInstanceOfSatisfying(
              UpgradeRefusedException.class, e -> assertThat(e.status()).isEqualTo(400));
    }
  }

  @Test
  void theOwnClientUnderstandsTheOwnServer() throws Exception {
    try (var server = TestServer.tls(WebSocketTest::echo);
        var client = TestServer.client().build();
        var socket = client.webSocket(HttpRequest.get(uri(server)), KNOWN, 1 << 20)) {
      assertThat(socket.subprotocol()).contains("v5.channel.k8s.io");
      for (int size : new int[] {0, 1, 125, 126, 65535, 65536, 1_000_000}) {
        Bytes sent = Bytes.wrap(new byte[size]);
        socket.send(sent);
        assertThat(socket.receive()).isEqualTo(new WebSocket.Message.Binary(sent));
      }
      socket.ping();
      socket.send("bye");
      assertThat(socket.receive()).isEqualTo(new WebSocket.Message.Closed(4001, "as you wish"));
      assertThat(socket.receive()).isInstanceOf(WebSocket.Message.Closed.class);
    }
  }

  @Test
  void aMessageThatIsTooLargeClosesWith1009() throws Exception {
    try (var server = TestServer.tls(WebSocketTest::echo);
        var client = TestServer.client().build();
        var socket = client.webSocket(HttpRequest.get(uri(server)), List.of(), 1 << 20)) {
      socket.send(Bytes.wrap(new byte[(1 << 20) + 1]));
      assertThat(socket.receive())
          .isInstanceOfSatisfying(
              WebSocket.Message.Closed.class, closed -> assertThat(closed.code()).isEqualTo(1009));
    }
  }

  @Test
  void whatWasSentLastArrivesEvenWhileTheOtherSideGoesOnSending() throws Exception {
    HttpHandler impatient =
        exchange -> {
          try (WebSocket socket = exchange.acceptWebSocket(List.of(), 1 << 20)) {
            socket.receive();
            socket.send("status");
          }
        };
    try (var server = TestServer.tls(impatient);
        var client = TestServer.client().build();
        var socket = client.webSocket(HttpRequest.get(uri(server)), List.of(), 1 << 20)) {
      Thread sender =
          Thread.ofVirtual()
              .start(
                  () -> {
                    try {
                      while (true) {
                        socket.send(Bytes.wrap(new byte[1000]));
                      }
                    } catch (java.io.IOException e) {
                      // the server has closed: as expected
                    }
                  });
      assertThat(socket.receive()).isEqualTo(new WebSocket.Message.Text("status"));
      assertThat(socket.receive()).isEqualTo(new WebSocket.Message.Closed(1000, ""));
      socket.close();
      sender.join();
    }
  }

  @Test
  void aClientThatLeavesEndsTheHandlersWait() throws Exception {
    var left = new CountDownLatch(1);
    HttpHandler wait =
        exchange -> {
          WebSocket socket = exchange.acceptWebSocket(List.of(), 1000);
          if (socket.receive() instanceof WebSocket.Message.Closed(int code, String reason)
              && code == 1006) {
            left.countDown();
          }
        };
    try (var server = TestServer.plain(wait);
        var client = HttpClient.builder().build()) {
      var stream =
          client.upgrade(
              HttpRequest.get(server.uri("/"))
                  .with("sec-websocket-key", WebSocketKeys.fresh())
                  .with("sec-websocket-version", "13"),
              "websocket");
      stream.close();
      Eventually.await("the handler ends", left);
    }
  }
}
