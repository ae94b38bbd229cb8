package dev.nacelle.node.endpoint;

import dev.nacelle.api.status.ApiException;
import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.HttpExchange;
import dev.nacelle.base.http.QueryParameters;
import dev.nacelle.base.http.WebSocket;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.base.json.JsonSyntaxException;
import dev.nacelle.base.json.JsonWriter;
import dev.nacelle.runtime.ContainerRuntime;
import dev.nacelle.runtime.ContainerRuntimeException;
import dev.nacelle.runtime.ExecRequest;
import dev.nacelle.runtime.ExecSession;
import dev.nacelle.runtime.ProcessStreams;
import dev.nacelle.runtime.Stdio;
import dev.nacelle.runtime.TerminalSize;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;

/**
 * exec and attach over a WebSocket with the subprotocols {@code v5.channel.k8s.io} and {@code
 * v4.channel.k8s.io}: binary messages whose first byte is the channel (0 stdin, 1 stdout, 2 stderr,
 * 3 the final Status, 4 terminal sizes; in v5 255 closes a channel).
 */
final class RemoteCommand {
  private static final String V5 = "v5.channel.k8s.io";
  private static final String V4 = "v4.channel.k8s.io";
  private static final int MAX_FRAME = 1 << 20;
  private static final int CHUNK = 16 << 10;
  private static final int STDIN = 0;
  private static final int STDOUT = 1;
  private static final int STDERR = 2;
  private static final int ERROR = 3;
  private static final int RESIZE = 4;
  private static final int CLOSE = 255;

  private final ContainerRuntime runtime;

  RemoteCommand(ContainerRuntime runtime) {
    this.runtime = runtime;
  }

  void exec(HttpExchange exchange, String containerId, QueryParameters query) throws IOException {
    List<String> command = query.all("command");
    if (command.isEmpty() || command.getFirst().isEmpty()) {
      throw ApiException.badRequest("you must specify at least 1 command for the container");
    }
    var stdio = EnumSet.noneOf(Stdio.class);
    if (flag(query, "tty")) {
      stdio.add(Stdio.TTY);
    }
    if (flag(query, "stdin", "input")) {
      stdio.add(Stdio.STDIN);
    }
    WebSocket socket = accept(exchange);
    try (ExecSession session = runtime.exec(containerId, ExecRequest.of(command, stdio))) {
      serve(session, socket, query);
    } catch (ContainerRuntimeException e) {
      finish(socket, failure(String.valueOf(e.getMessage())));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Carries the streams of a process to and from a client until the process ends. */
  static void serve(ExecSession session, WebSocket socket, QueryParameters query)
      throws InterruptedException {
    var readers = pump(session, socket, query);
    Thread writer = feed(session, socket);
    int code = session.waitForExit();
    for (Thread reader : readers) {
      reader.join();
    }
    finish(socket, exit(code));
    writer.interrupt();
  }

  void attach(HttpExchange exchange, String containerId, boolean tty, QueryParameters query)
      throws IOException {
    WebSocket socket = accept(exchange);
    try (ProcessStreams streams = runtime.attach(containerId)) {
      var readers = pump(streams, socket, query);
      Thread writer =
          flag(query, "stdin", "input") || tty
              ? feed(streams, socket)
              : Thread.ofVirtual().start(() -> {});
      for (Thread reader : readers) {
        reader.join();
      }
      finish(socket, SUCCESS);
      writer.interrupt();
    } catch (ContainerRuntimeException e) {
      finish(socket, failure(String.valueOf(e.getMessage())));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static WebSocket accept(HttpExchange exchange) throws IOException {
    if (!exchange.isWebSocketUpgrade()) {
      throw ApiException.badRequest(
          "you must ask for a WebSocket upgrade with the subprotocol " + V5 + " or " + V4);
    }
    return exchange.acceptWebSocket(List.of(V5, V4), MAX_FRAME);
  }

  /** Copies output to the client on threads of their own. */
  private static List<Thread> pump(
      ProcessStreams streams, WebSocket socket, QueryParameters query) {
    var threads = new ArrayList<Thread>();
    if (flag(query, "stdout", "output")) {
      threads.add(copy(streams.stdout(), STDOUT, socket));
    }
    if (flag(query, "stderr", "error")) {
      threads.add(copy(streams.stderr(), STDERR, socket));
    }
    return threads;
  }

  private static Thread copy(InputStream from, int channel, WebSocket socket) {
    return Thread.ofVirtual()
        .name("exec output " + channel)
        .start(
            () -> {
              byte[] chunk = new byte[CHUNK];
              try {
                for (int count = from.read(chunk); count >= 0; count = from.read(chunk)) {
                  byte[] message = new byte[count + 1];
                  message[0] = (byte) channel;
                  System.arraycopy(chunk, 0, message, 1, count);
                  socket.send(Bytes.wrap(message));
                }
              } catch (IOException e) {
                // the client has left: the session ends with its input
              }
            });
  }

  /** Copies the client's input to the process; a client that leaves ends the session. */
  private static Thread feed(ProcessStreams streams, WebSocket socket) {
    return Thread.ofVirtual()
        .name("exec input")
        .start(
            () -> {
              while (true) {
                switch (socket.receive()) {
                  case WebSocket.Message.Binary(Bytes bytes) -> {
                    if (!bytes.isEmpty()) {
                      take(streams, bytes);
                    }
                  }
                  case WebSocket.Message.Text text -> {}
                  case WebSocket.Message.Closed closed -> {
                    streams.close();
                    return;
                  }
                }
              }
            });
  }

  private static void take(ProcessStreams streams, Bytes message) {
    byte[] array = message.unsafeArray();
    try {
      switch (message.at(0) & 0xFF) {
        case STDIN -> {
          if (array.length > 1) {
            streams.stdin().write(array, 1, array.length - 1);
            streams.stdin().flush();
          }
        }
        case RESIZE -> size(array).ifPresent(streams::resize);
        case CLOSE -> {
          if (array.length > 1 && array[1] == STDIN) {
            streams.stdin().close();
          }
        }
        default -> {}
      }
    } catch (IOException e) {
      // the process has closed its input: what it still writes matters
    }
  }

  private static Optional<TerminalSize> size(byte[] message) {
    try {
      byte[] text = Arrays.copyOfRange(message, 1, message.length);
      JsonObject size = JsonReader.readObject(Bytes.wrap(text));
      return Optional.of(
          new TerminalSize(
              (int) size.integer("Width").orElse(0), (int) size.integer("Height").orElse(0)));
    } catch (JsonSyntaxException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static final JsonObject SUCCESS =
      JsonObject.builder().put("metadata", JsonObject.EMPTY).put("status", "Success").build();

  private static JsonObject exit(int code) {
    if (code == 0) {
      return SUCCESS;
    }
    return JsonObject.builder()
        .put("metadata", JsonObject.EMPTY)
        .put("status", "Failure")
        .put("message", "command terminated with non-zero exit code: exit status " + code)
        .put("reason", "NonZeroExitCode")
        .put(
            "details",
            JsonObject.builder()
                .put(
                    "causes",
                    JsonArray.of(
                        JsonObject.builder()
                            .put("reason", "ExitCode")
                            .put("message", Integer.toString(code))
                            .build()))
                .build())
        .build();
  }

  private static JsonObject failure(String message) {
    return JsonObject.builder()
        .put("metadata", JsonObject.EMPTY)
        .put("status", "Failure")
        .put("message", "error executing command in container: " + message)
        .put("reason", "InternalError")
        .put("code", Json.of(500))
        .build();
  }

  private static void finish(WebSocket socket, JsonObject status) {
    byte[] text = JsonWriter.write(status).unsafeArray();
    byte[] message = new byte[text.length + 1];
    message[0] = ERROR;
    System.arraycopy(text, 0, message, 1, text.length);
    try {
      socket.send(Bytes.wrap(message));
    } catch (IOException e) {
      // the client has left
    }
    socket.close(1000, "");
  }

  private static boolean flag(QueryParameters query, String... names) {
    for (String name : names) {
      if (query.flag(name)) {
        return true;
      }
    }
    return false;
  }
}
