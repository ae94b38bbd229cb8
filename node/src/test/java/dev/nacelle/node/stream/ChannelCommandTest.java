package dev.nacelle.node.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.QueryParameters;
import dev.nacelle.base.http.WebSocket;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.runtime.TerminalSize;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
final class ChannelCommandTest {
  private final Socket socket = new Socket("v5.channel.k8s.io");

  private void run(HandSession session, String query) throws Exception {
    CommandOptions options = CommandOptions.of(QueryParameters.parse(query));
    RemoteCommand.serve(session, new ChannelCommandClient(new ChannelSocket(socket), options));
  }

  @Test
  void outputGoesToItsChannelsAndTheStatusLast() throws Exception {
    run(new HandSession("out", "err", 0, false), "output=1&error=1");
    assertThat(socket.text(1)).isEqualTo("out");
    assertThat(socket.text(2)).isEqualTo("err");
    assertThat(socket.sent.getLast()[0]).isEqualTo((byte) 3);
    assertThat(socket.status().string("status")).contains("Success");
    assertThat(socket.closed).isTrue();
  }

  @Test
  void exitCodeIsTold() throws Exception {
    run(new HandSession("", "", 42, false), "output=1");
    JsonObject status = socket.status();
    assertThat(status.string("status")).contains("Failure");
    assertThat(status.string("reason")).contains("NonZeroExitCode");
    assertThat(status.string("message"))
        .contains("command terminated with non-zero exit code: exit status 42");
    JsonObject cause = status.array("details", "causes").objects().findFirst().orElseThrow();
    assertThat(cause.string("reason")).contains("ExitCode");
    assertThat(cause.string("message")).contains("42");
  }

  @Test
  void inputSizeAndEndOfInputReachTheProcess() throws Exception {
    var session = new HandSession("", "", 0, true);
    socket.receive((byte) 0, "hello");
    socket.receive((byte) 4, "{\"Width\":80,\"Height\":24}");
    socket.receive((byte) 4, "no size");
    socket.received.add(new WebSocket.Message.Binary(Bytes.wrap(new byte[] {(byte) 255, 0})));
    run(session, "input=1&output=1");
    assertThat(session.input()).isEqualTo("hello");
    assertThat(session.sizes()).containsExactly(new TerminalSize(80, 24));
  }

  @Test
  void clientThatLeavesEndsTheSession() throws Exception {
    var session = new HandSession("", "", 0, true);
    socket.received.add(new WebSocket.Message.Closed(1006, ""));
    run(session, "input=1&output=1");
    assertThat(session.isKilled()).isTrue();
  }

  @Test
  void oldClientsAreToldInWords() throws Exception {
    var old = new Socket("channel.k8s.io");
    RemoteCommand.serve(
        new HandSession("", "", 3, false),
        new ChannelCommandClient(
            new ChannelSocket(old), CommandOptions.of(QueryParameters.parse("output=1"))));
    assertThat(old.text(3)).isEqualTo("command terminated with non-zero exit code: exit status 3");
  }

  @Test
  void channelsMayBeTextInBase64() throws Exception {
    var text = new Socket("v4.base64.channel.k8s.io");
    var session = new HandSession("hi", "", 0, true);
    text.received.add(new WebSocket.Message.Text("0aGVsbG8="));
    text.received.add(new WebSocket.Message.Text("0not base64!"));
    text.received.add(new WebSocket.Message.Closed(1000, ""));
    RemoteCommand.serve(
        session,
        new ChannelCommandClient(
            new ChannelSocket(text), CommandOptions.of(QueryParameters.parse("input=1&output=1"))));
    assertThat(session.input()).isEqualTo("hello");
    assertThat(text.texts).contains("1aGk=");
  }

  @Test
  void aClientMustWantSomething() {
    assertThatThrownBy(() -> CommandOptions.of(QueryParameters.parse("tty=1&error=1")))
        .hasMessage("you must specify at least 1 of stdin, stdout, stderr");
  }

  private static final class Socket implements WebSocket {
    private final LinkedBlockingQueue<Message> received = new LinkedBlockingQueue<>();
    private final List<byte[]> sent = new ArrayList<>();
    private final List<String> texts = new ArrayList<>();
    private final String subprotocol;
    private boolean closed;

    Socket(String subprotocol) {
      this.subprotocol = subprotocol;
    }

    void receive(byte channel, String text) {
      byte[] bytes = (" " + text).getBytes(StandardCharsets.UTF_8);
      bytes[0] = channel;
      received.add(new Message.Binary(Bytes.wrap(bytes)));
    }

    synchronized String text(int channel) {
      var result = new StringBuilder();
      for (byte[] message : sent) {
        if (message[0] == channel) {
          result.append(new String(message, 1, message.length - 1, StandardCharsets.UTF_8));
        }
      }
      return result.toString();
    }

    JsonObject status() {
      return JsonReader.readObject(Bytes.utf8(text(3)));
    }

    @Override
    public Optional<String> subprotocol() {
      return Optional.of(subprotocol);
    }

    @Override
    public Message receive() {
      try {
        return received.take();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return new Message.Closed(1006, "");
      }
    }

    @Override
    public synchronized void send(Bytes bytes) throws IOException {
      if (closed) {
        throw new IOException("closed");
      }
      sent.add(bytes.unsafeArray());
    }

    @Override
    public synchronized void send(String text) {
      texts.add(text);
    }

    @Override
    public void ping() {}

    @Override
    public synchronized void close(int code, String reason) {
      closed = true;
    }
  }
}
