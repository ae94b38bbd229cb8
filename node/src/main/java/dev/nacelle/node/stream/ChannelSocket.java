package dev.nacelle.node.stream;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.HttpExchange;
import dev.nacelle.base.http.WebSocket;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Numbered channels in the messages of one WebSocket: the first byte is the channel, the rest its
 * bytes; with a {@code base64} subprotocol a digit and base64 in text. One thread receives, any
 * thread sends.
 */
final class ChannelSocket implements AutoCloseable {
  private static final int MAX_FRAME = 1 << 20;
  private static final int NORMAL = 1000;

  private final WebSocket socket;
  private final boolean base64;

  /** Bytes of one channel. */
  record Message(int channel, byte[] bytes) {}

  ChannelSocket(WebSocket socket) {
    this.socket = socket;
    this.base64 = protocol().contains("base64.");
  }

  /**
   * @param protocols known subprotocols; a client that names none is taken too
   */
  static ChannelSocket accept(HttpExchange exchange, List<String> protocols) throws IOException {
    return new ChannelSocket(exchange.acceptWebSocket(protocols, MAX_FRAME));
  }

  /** The subprotocol; empty without one. */
  String protocol() {
    return socket.subprotocol().orElse("");
  }

  /** The next message that has a channel; empty once the WebSocket is closed. */
  Optional<Message> receive() {
    while (true) {
      Optional<Message> message =
          switch (socket.receive()) {
            case WebSocket.Message.Binary(Bytes bytes) -> parse(bytes.unsafeArray());
            case WebSocket.Message.Text(String text) ->
                parse(text.getBytes(StandardCharsets.UTF_8));
            case WebSocket.Message.Closed closed -> {
              yield Optional.of(new Message(-1, new byte[0]));
            }
          };
      if (message.isPresent()) {
        return message.filter(m -> m.channel() >= 0);
      }
    }
  }

  private Optional<Message> parse(byte[] message) {
    if (message.length == 0) {
      return Optional.empty();
    }
    byte[] rest = Arrays.copyOfRange(message, 1, message.length);
    if (!base64) {
      return Optional.of(new Message(message[0] & 0xFF, rest));
    }
    try {
      int channel = (message[0] & 0xFF) - '0';
      return channel < 0
          ? Optional.empty()
          : Optional.of(new Message(channel, Base64.getDecoder().decode(rest)));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /** Sends bytes, few enough for one message; blocks while the client is slow. */
  void send(int channel, byte[] source, int offset, int length) throws IOException {
    if (base64) {
      byte[] part = Arrays.copyOfRange(source, offset, offset + length);
      socket.send((char) ('0' + channel) + Base64.getEncoder().encodeToString(part));
      return;
    }
    byte[] message = new byte[length + 1];
    message[0] = (byte) channel;
    System.arraycopy(source, offset, message, 1, length);
    socket.send(Bytes.wrap(message));
  }

  /** A stream into one channel; its close does not reach the client. */
  OutputStream output(int channel) {
    return new OutputStream() {
      @Override
      public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
      }

      @Override
      public void write(byte[] source, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, source.length);
        send(channel, source, offset, length);
      }
    };
  }

  @Override
  public void close() {
    socket.close(NORMAL, "");
  }
}
