package dev.nacelle.node.stream;

import dev.nacelle.api.status.ApiException;
import dev.nacelle.base.http.HttpExchange;
import dev.nacelle.base.http.QueryParameters;
import dev.nacelle.runtime.ContainerRuntime;
import dev.nacelle.runtime.ContainerRuntimeException;
import dev.nacelle.runtime.ExecRequest;
import dev.nacelle.runtime.ExecSession;
import dev.nacelle.runtime.ProcessStreams;
import dev.nacelle.runtime.Stdio;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * exec and attach, over SPDY/3.1 ({@code v4.channel.k8s.io} down to {@code channel.k8s.io}) and
 * over a WebSocket ({@code v5.channel.k8s.io}, {@code v4.channel.k8s.io}, {@code channel.k8s.io}
 * and their base64 forms). Safe for any thread.
 */
public final class RemoteCommand {
  static final int CHUNK = 16 << 10;

  private static final Logger LOG = LoggerFactory.getLogger(RemoteCommand.class);

  private final ContainerRuntime runtime;

  public RemoteCommand(ContainerRuntime runtime) {
    this.runtime = runtime;
  }

  /**
   * Runs a command in a container for the client of an exchange; returns when it is over. A client
   * that leaves ends the command.
   *
   * @throws ApiException if the request is wrong; then nothing was answered
   */
  public void exec(HttpExchange exchange, String containerId, QueryParameters query)
      throws IOException, InterruptedException {
    List<String> command = query.all("command");
    if (command.isEmpty() || command.getFirst().isEmpty()) {
      throw ApiException.badRequest("you must specify at least 1 command for the container");
    }
    CommandOptions options = CommandOptions.of(query);
    var stdio = EnumSet.noneOf(Stdio.class);
    if (options.tty()) {
      stdio.add(Stdio.TTY);
    }
    if (options.stdin()) {
      stdio.add(Stdio.STDIN);
    }
    Optional<? extends CommandClient> client = accept(exchange, options);
    if (client.isEmpty()) {
      return;
    }
    try (ExecSession session = runtime.exec(containerId, ExecRequest.of(command, stdio))) {
      serve(session, client.get());
    } catch (ContainerRuntimeException e) {
      client
          .get()
          .finish(
              CommandStatus.internalError(
                  "error executing command in container: " + e.getMessage()));
    }
  }

  /** Carries the streams of a process to and from a client until the process ends. */
  static void serve(ExecSession session, CommandClient client) throws InterruptedException {
    List<Thread> outputs = carryOutput(session, client);
    Thread input = carryInput(session, client);
    int code = session.waitForExit();
    for (Thread output : outputs) {
      output.join();
    }
    client.finish(CommandStatus.exit(code));
    input.interrupt();
  }

  /**
   * Joins the streams of a container's own process; returns when it has ended or the client has
   * left, which leaves the process alone.
   *
   * @throws ApiException if the request is wrong; then nothing was answered
   */
  public void attach(HttpExchange exchange, String containerId, QueryParameters query)
      throws IOException, InterruptedException {
    Optional<? extends CommandClient> client = accept(exchange, CommandOptions.of(query));
    if (client.isEmpty()) {
      return;
    }
    try (ProcessStreams streams = runtime.attach(containerId)) {
      List<Thread> outputs = carryOutput(streams, client.get());
      Thread input = carryInput(streams, client.get());
      for (Thread output : outputs) {
        output.join();
      }
      client.get().finish(CommandStatus.SUCCESS);
      input.interrupt();
    } catch (ContainerRuntimeException e) {
      client
          .get()
          .finish(CommandStatus.internalError("error attaching to container: " + e.getMessage()));
    }
  }

  private static Optional<? extends CommandClient> accept(
      HttpExchange exchange, CommandOptions options) throws IOException, InterruptedException {
    return exchange.isWebSocketUpgrade()
        ? Optional.of(ChannelCommandClient.accept(exchange, options))
        : SpdyCommandClient.accept(exchange, options);
  }

  /** Copies output to the client on threads of their own. */
  private static List<Thread> carryOutput(ProcessStreams process, CommandClient client) {
    return List.of(
        copy("stdout", process.stdout(), client.stdout()),
        copy("stderr", process.stderr(), client.stderr()));
  }

  private static Thread copy(String name, InputStream from, OutputStream to) {
    return Thread.ofVirtual().name(name).start(() -> copyAll(name, from, to));
  }

  /** A client that takes no more must not hold up the process: the rest is dropped. */
  private static void copyAll(String name, InputStream from, OutputStream to) {
    byte[] chunk = new byte[CHUNK];
    boolean taken = true;
    try (to) {
      for (int count = from.read(chunk); count >= 0; count = from.read(chunk)) {
        taken = taken && write(name, to, chunk, count);
      }
    } catch (IOException e) {
      LOG.debug("{} ends: {}", name, e.getMessage());
    }
  }

  private static boolean write(String name, OutputStream to, byte[] chunk, int count) {
    try {
      to.write(chunk, 0, count);
      return true;
    } catch (IOException e) {
      LOG.debug("the client takes no more {}: {}", name, e.getMessage());
      return false;
    }
  }

  /** Copies the client's input to the process; a client that leaves ends the session. */
  private static Thread carryInput(ProcessStreams process, CommandClient client) {
    return Thread.ofVirtual()
        .name("input")
        .start(
            () -> {
              client.carryInput(process);
              process.close();
            });
  }
}
