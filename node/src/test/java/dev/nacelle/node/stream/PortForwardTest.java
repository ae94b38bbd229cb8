package dev.nacelle.node.stream;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.Headers;
import dev.nacelle.base.http.HttpExchange;
import dev.nacelle.base.http.HttpRequest;
import dev.nacelle.base.http.UpgradeRefusedException;
import dev.nacelle.base.http.WebSocket;
import dev.nacelle.base.spdy.SpdyConnection;
import dev.nacelle.base.spdy.SpdyStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PortForwardTest {
  private static final String PROTOCOL = "portforward.k8s.io";

  private final PodPorts ports = new PodPorts();
  private final StreamServer server = new StreamServer(this::answer);
  private final List<AutoCloseable> opened = new ArrayList<>(List.of(server));

  @AfterEach
  void stop() throws Exception {
    for (AutoCloseable each : opened.reversed()) {
      each.close();
    }
  }

  private void answer(HttpExchange exchange) throws Exception {
    PortForward.serve(exchange, "pod-1", ports.of("pod-1", Optional.empty()), exchange.query());
  }

  private <T extends AutoCloseable> T open(T what) {
    opened.add(what);
    return what;
  }

  private SpdyConnection spdy() throws Exception {
    return open(server.connect("", PROTOCOL));
  }

  private SpdyConnection tunnel() throws Exception {
    WebSocket socket =
        server.client.webSocket(
            HttpRequest.get(server.uri("")), List.of("SPDY/3.1+" + PROTOCOL), 1 << 20);
    assertThat(socket.subprotocol()).contains("SPDY/3.1+" + PROTOCOL);
    return open(SpdyConnection.ofClient(socket.asStream()));
  }

  /** The two streams of one forwarded connection, as a client opens them. */
  private record Forwarded(SpdyStream data, SpdyStream error) {
    static Forwarded open(SpdyConnection connection, int port, int request) throws IOException {
      Headers.Builder headers =
          Headers.builder()
              .add("port", Integer.toString(port))
              .add("requestid", Integer.toString(request));
      SpdyStream error = connection.open(headers.set("streamtype", "error").build());
      error.output().close();
      return new Forwarded(connection.open(headers.set("streamtype", "data").build()), error);
    }

    String problem() throws IOException {
      return new String(error.input().readAllBytes(), UTF_8);
    }
  }

  private static void echoes(SpdyConnection connection, int port, int request) throws IOException {
    Forwarded forwarded = Forwarded.open(connection, port, request);
    String word = "word " + request;
    forwarded.data().output().write(word.getBytes(UTF_8));
    assertThat(forwarded.data().input().readNBytes(word.length())).asString().isEqualTo(word);
    forwarded.data().output().close();
    assertThat(forwarded.data().input().read()).isEqualTo(-1);
    assertThat(forwarded.problem()).isEmpty();
  }

  @Test
  void connectionsFollowOneAnotherOverSpdy() throws Exception {
    EchoServer echo = open(EchoServer.echo());
    SpdyConnection connection = spdy();
    for (int i = 0; i < 20; i++) {
      echoes(connection, echo.port(), i);
    }
  }

  @Test
  void connectionsFollowOneAnotherThroughATunnel() throws Exception {
    EchoServer echo = open(EchoServer.echo());
    SpdyConnection connection = tunnel();
    for (int i = 0; i < 20; i++) {
      echoes(connection, echo.port(), i);
    }
  }

  @Test
  void whoHasNoMoreToSayStillHearsTheAnswer() throws Exception {
    EchoServer late =
        open(
            new EchoServer(
                socket -> {
                  int bytes = socket.getInputStream().readAllBytes().length;
                  socket.getOutputStream().write(("got " + bytes).getBytes(UTF_8));
                }));
    Forwarded forwarded = Forwarded.open(spdy(), late.port(), 1);
    forwarded.data().output().write(new byte[100_000]);
    forwarded.data().output().close();
    assertThat(forwarded.data().input().readAllBytes()).asString().isEqualTo("got 100000");
    assertThat(forwarded.problem()).isEmpty();
  }

  @Test
  void largeTransfersArriveWholeBothWaysOverSpdy() throws Exception {
    large(spdy());
  }

  @Test
  void largeTransfersArriveWholeBothWaysThroughATunnel() throws Exception {
    large(tunnel());
  }

  private void large(SpdyConnection connection) throws Exception {
    EchoServer echo = open(EchoServer.echo());
    Forwarded forwarded = Forwarded.open(connection, echo.port(), 1);
    var sent = Transfers.beside(() -> Transfers.send(forwarded.data().output(), Transfers.LARGE));
    assertThat(Transfers.receive(forwarded.data().input())).isEqualTo(sent.get());
    assertThat(forwarded.problem()).isEmpty();
  }

  private static int closedPort() throws IOException {
    try (var listener = new ServerSocket(0)) {
      return listener.getLocalPort();
    }
  }

  @Test
  void aPortOnWhichNobodyListensIsReportedOnTheErrorStream() throws Exception {
    int port = closedPort();
    SpdyConnection connection = spdy();
    Forwarded forwarded = Forwarded.open(connection, port, 1);
    assertThat(forwarded.problem()).isEqualTo(refusal(port));
    assertThatThrownBy(() -> forwarded.data().input().read()).isInstanceOf(IOException.class);
    echoes(connection, open(EchoServer.echo()).port(), 2);
  }

  private static String refusal(int port) {
    return ("error forwarding port %d to pod pod-1, uid : failed to connect to localhost:%d inside"
            + " namespace \"pod-1\", IPv4: dial tcp4 127.0.0.1:%d: connect: connection refused IPv6"
            + " dial tcp6 [::1]:%d: connect: ")
        .formatted(port, port, port, port)
        .concat("connection refused");
  }

  @Test
  void aConnectionThatThePodBreaksOffIsBrokenOffForTheClient() throws Exception {
    EchoServer rude =
        open(
            new EchoServer(
                socket -> {
                  assertThat(socket.getInputStream().read()).isEqualTo('x');
                  socket.setSoLinger(true, 0);
                }));
    SpdyConnection connection = spdy();
    Forwarded forwarded = Forwarded.open(connection, rude.port(), 1);
    forwarded.data().output().write('x');
    assertThatThrownBy(() -> forwarded.data().input().read()).hasMessage("the stream was reset");
    echoes(connection, open(EchoServer.echo()).port(), 2);
  }

  @Test
  void aClientThatLeavesEndsItsConnections() throws Exception {
    EchoServer echo = open(EchoServer.echo());
    SpdyConnection connection = spdy();
    for (int i = 0; i < 3; i++) {
      Forwarded forwarded = Forwarded.open(connection, echo.port(), i);
      forwarded.data().output().write('x');
      assertThat(forwarded.data().input().read()).isEqualTo('x');
    }
    connection.close();
    for (int i = 0; i < 3; i++) {
      echo.ended.take();
    }
  }

  @Test
  void aResetEndsItsConnectionAlone() throws Exception {
    EchoServer echo = open(EchoServer.echo());
    SpdyConnection connection = spdy();
    Forwarded forwarded = Forwarded.open(connection, echo.port(), 1);
    forwarded.data().output().write('x');
    assertThat(forwarded.data().input().read()).isEqualTo('x');
    forwarded.data().reset();
    echo.ended.take();
    assertThat(forwarded.problem()).isEmpty();
    echoes(connection, echo.port(), 2);
  }

  @Test
  void streamsWithWrongHeadersAreReset() throws Exception {
    SpdyConnection connection = spdy();
    for (Headers wrong :
        List.of(
            Headers.of("streamtype", "data"),
            Headers.of("streamtype", "data", "port", "0"),
            Headers.of("streamtype", "data", "port", "65536"),
            Headers.of("streamtype", "data", "port", "http"),
            Headers.of("port", "80"),
            Headers.of("streamtype", "other", "port", "80"))) {
      SpdyStream stream = connection.open(wrong);
      assertThatThrownBy(() -> stream.input().read()).hasMessage("the stream was reset");
    }
  }

  @Test
  void aSecondStreamOfAKindIsRefused() throws Exception {
    SpdyConnection connection = spdy();
    Headers headers = Headers.of("streamtype", "error", "port", "80", "requestid", "1");
    SpdyStream first = connection.open(headers);
    SpdyStream second = connection.open(headers);
    assertThat(first.input().readAllBytes())
        .asString()
        .isEqualTo("error processing stream for request 1: error stream already assigned");
    assertThatThrownBy(() -> second.input().read()).hasMessage("the stream was reset");
  }

  @Test
  void streamsOfClientsThatNameNoRequestArePairedInTheirOrder() throws Exception {
    EchoServer echo = open(EchoServer.echo());
    SpdyConnection connection = spdy();
    String port = Integer.toString(echo.port());
    connection.open(Headers.of("streamtype", "error", "port", port));
    SpdyStream data = connection.open(Headers.of("streamtype", "data", "port", port));
    data.output().write('x');
    assertThat(data.input().read()).isEqualTo('x');
  }

  private WebSocket channels(String query, String... protocols) throws Exception {
    return open(
        server.client.webSocket(HttpRequest.get(server.uri(query)), List.of(protocols), 1 << 20));
  }

  private static byte[] binary(WebSocket socket) {
    return ((WebSocket.Message.Binary) socket.receive()).bytes().unsafeArray();
  }

  private static byte[] told(int channel, int port) {
    return new byte[] {(byte) channel, (byte) port, (byte) (port >> 8)};
  }

  @Test
  void portsOfTheQueryAreForwardedOverChannels() throws Exception {
    EchoServer echo = open(EchoServer.echo());
    int closed = closedPort();
    WebSocket socket = channels("port=" + echo.port() + "," + closed, "v4.channel.k8s.io", "other");
    assertThat(binary(socket)).isEqualTo(told(0, echo.port()));
    assertThat(binary(socket)).isEqualTo(told(1, echo.port()));
    assertThat(binary(socket)).isEqualTo(told(2, closed));
    assertThat(binary(socket)).isEqualTo(told(3, closed));
    assertThat(new String(binary(socket), UTF_8)).isEqualTo("\3" + refusal(closed));
    socket.send(Bytes.utf8("\0hello"));
    assertThat(new String(binary(socket), UTF_8)).isEqualTo("\0hello");
    socket.close();
    echo.ended.take();
  }

  @Test
  void channelsMayBeTextInBase64() throws Exception {
    EchoServer echo = open(EchoServer.echo());
    WebSocket socket = channels("port=" + echo.port(), "v4.base64.channel.k8s.io");
    assertThat(socket.receive()).isInstanceOf(WebSocket.Message.Text.class);
    assertThat(socket.receive()).isInstanceOf(WebSocket.Message.Text.class);
    socket.send("0aGVsbG8=");
    assertThat(socket.receive()).isEqualTo(new WebSocket.Message.Text("0aGVsbG8="));
  }

  @Test
  void theEndOfTheLastConnectionEndsTheWebSocket() throws Exception {
    EchoServer greeter =
        open(new EchoServer(socket -> socket.getOutputStream().write("bye".getBytes(UTF_8))));
    WebSocket socket = channels("port=" + greeter.port());
    binary(socket);
    binary(socket);
    assertThat(new String(binary(socket), UTF_8)).isEqualTo("\0bye");
    assertThat(socket.receive()).isEqualTo(new WebSocket.Message.Closed(1000, ""));
  }

  @Test
  void largeTransfersArriveWholeOverChannels() throws Exception {
    EchoServer echo = open(EchoServer.echo());
    WebSocket socket = channels("port=" + echo.port(), "v4.channel.k8s.io");
    binary(socket);
    binary(socket);
    var received = new ByteArrayOutputStream();
    byte[] message = new byte[100_001];
    var sender =
        Transfers.beside(
            () -> {
              for (int i = 0; i < 100; i++) {
                socket.send(Bytes.copyOf(message));
              }
              return true;
            });
    while (received.size() < 10_000_000) {
      byte[] part = binary(socket);
      received.write(part, 1, part.length - 1);
    }
    assertThat(sender.get()).isTrue();
  }

  @Test
  void portsMustBeNamedAndBeNumbers() {
    refused("", "query parameter \\\"port\\\" is required");
    refused("port=", "query parameter \\\"port\\\" cannot be empty");
    refused("port=http", "unable to parse \\\"http\\\" as a port");
    refused("port=0", "port \\\"0\\\" must be > 0");
  }

  private void refused(String query, String why) {
    assertThatThrownBy(() -> channels(query, "v4.channel.k8s.io"))
        .isInstanceOfSatisfying(
            UpgradeRefusedException.class, e -> assertThat(e.status()).isEqualTo(400))
        .hasMessageContaining(why);
  }
}
