package dev.nacelle.node.stream;

import dev.nacelle.base.http.HttpExchange;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonWriter;
import dev.nacelle.runtime.ProcessStreams;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * A client with a WebSocket: channel 0 is stdin, 1 stdout, 2 stderr, 3 the final status, 4 terminal
 * sizes; in version 5, 255 ends a channel.
 */
final class ChannelCommandClient implements CommandClient {
  private static final String V5 = "v5.channel.k8s.io";
  private static final List<String> WITH_STATUS =
      List.of(V5, "v4.channel.k8s.io", "v4.base64.channel.k8s.io");
  private static final List<String> PROTOCOLS =
      List.of(
          V5,
          "v4.channel.k8s.io",
          "v4.base64.channel.k8s.io",
          "channel.k8s.io",
          "base64.channel.k8s.io");
  private static final int STDIN = 0;
  private static final int STDOUT = 1;
  private static final int STDERR = 2;
  private static final int ERROR = 3;
  private static final int RESIZE = 4;
  private static final int CLOSE = 255;

  private final ChannelSocket socket;
  private final CommandOptions options;
  private final Opening opening;

  ChannelCommandClient(ChannelSocket socket, CommandOptions options) {
    this.socket = socket;
    this.options = options;
    // clients of the older versions do not need it
    opening = new Opening(socket.protocol().equals(V5) ? Opening.USUAL : Duration.ZERO);
  }

  static ChannelCommandClient accept(HttpExchange exchange, CommandOptions options)
      throws IOException {
    var socket = ChannelSocket.accept(exchange, PROTOCOLS);
    if (!socket.protocol().equals(V5)) {
      // older clients take the first message for the sign that all is well
      int first = options.stdout() ? STDOUT : options.stderr() ? STDERR : ERROR;
      socket.send(first, new byte[0], 0, 0);
    }
    return new ChannelCommandClient(socket, options);
  }

  @Override
  public OutputStream stdout() {
    return options.stdout()
        ? opening.after(socket.output(STDOUT))
        : OutputStream.nullOutputStream();
  }

  @Override
  public OutputStream stderr() {
    return options.stderr()
        ? opening.after(socket.output(STDERR))
        : OutputStream.nullOutputStream();
  }

  @Override
  public void carryInput(ProcessStreams process) {
    for (Optional<ChannelSocket.Message> next = socket.receive();
        next.isPresent();
        next = socket.receive()) {
      opening.spoken();
      try {
        take(next.get(), process);
      } catch (IOException e) {
        // the process has closed its input: what it still writes matters
      }
    }
  }

  private void take(ChannelSocket.Message message, ProcessStreams process) throws IOException {
    byte[] bytes = message.bytes();
    switch (message.channel()) {
      case STDIN -> {
        if (options.stdin() && bytes.length > 0) {
          process.stdin().write(bytes);
          process.stdin().flush();
        }
      }
      case RESIZE -> TerminalSizes.parse(bytes).ifPresent(process::resize);
      case CLOSE -> {
        if (options.stdin() && bytes.length > 0 && bytes[0] == STDIN) {
          process.stdin().close();
        }
      }
      default -> {}
    }
  }

  @Override
  public void finish(JsonObject status) {
    try {
      opening.await();
      byte[] text = text(status);
      if (text.length > 0) {
        socket.send(ERROR, text, 0, text.length);
      }
    } catch (IOException e) {
      // the client has left
    }
    socket.close();
  }

  private byte[] text(JsonObject status) {
    if (WITH_STATUS.contains(socket.protocol())) {
      return JsonWriter.write(status).unsafeArray();
    }
    String message = CommandStatus.isSuccess(status) ? "" : CommandStatus.message(status);
    return message.getBytes(StandardCharsets.UTF_8);
  }
}
