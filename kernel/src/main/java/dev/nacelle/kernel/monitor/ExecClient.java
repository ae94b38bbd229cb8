package dev.nacelle.kernel.monitor;

import dev.nacelle.kernel.ErrnoException;
import dev.nacelle.kernel.process.CompanionException;
import dev.nacelle.kernel.process.Descriptor;
import dev.nacelle.kernel.process.Packet;
import dev.nacelle.kernel.process.PacketConnection;
import dev.nacelle.kernel.process.Poller;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * One process started in a running container, over a connection of its own: closing it kills the
 * process. The streams are the process's pipes or terminal themselves. Safe for any thread.
 */
public final class ExecClient implements AutoCloseable {
  private static final int EXEC = 0x0208;
  private static final int EVENT_EXEC_EXITED = 0x9203;

  private final PacketConnection connection;
  private final CompletableFuture<Integer> exit;
  private Optional<Descriptor> terminal = Optional.empty();
  private Optional<Descriptor> stdin = Optional.empty();
  private Optional<Descriptor> stdout = Optional.empty();
  private Optional<Descriptor> stderr = Optional.empty();

  private ExecClient(PacketConnection connection, CompletableFuture<Integer> exit) {
    this.connection = connection;
    this.exit = exit;
  }

  /**
   * Starts a process.
   *
   * @param columns of the terminal, or 0
   * @throws ErrnoException ENOENT or ECONNREFUSED if the container has no monitor
   * @throws CompanionException if the command cannot be executed
   */
  public static ExecClient start(
      Poller poller,
      Path containerDirectory,
      List<String> argv,
      Set<MonitorClient.Stdio> stdio,
      int columns,
      int rows)
      throws InterruptedException {
    var exit = new CompletableFuture<Integer>();
    var connection =
        PacketConnection.open(
            poller, MonitorClient.socket(containerDirectory), new ExitReader(exit));
    var client = new ExecClient(connection, exit);
    try {
      client.begin(argv, stdio, columns, rows);
      return client;
    } catch (CompanionException | InterruptedException | IllegalArgumentException e) {
      client.close();
      throw e;
    }
  }

  private void begin(List<String> argv, Set<MonitorClient.Stdio> stdio, int columns, int rows)
      throws InterruptedException {
    var fields =
        new Packet.Fields()
            .u32(MonitorClient.Stdio.bits(stdio))
            .u32(columns)
            .u32(rows)
            .u32(argv.size());
    argv.forEach(fields::string);
    try (Packet reply =
        connection.call("start the command", EXEC, fields, MonitorClient.PATIENCE)) {
      reply.u32();
      if (stdio.contains(MonitorClient.Stdio.TTY)) {
        terminal = Optional.of(connection.take(reply));
        return;
      }
      if (stdio.contains(MonitorClient.Stdio.STDIN)) {
        stdin = Optional.of(connection.take(reply));
      }
      stdout = Optional.of(connection.take(reply));
      stderr = Optional.of(connection.take(reply));
    }
  }

  /** Present with a terminal; then the other three are not. */
  public Optional<Descriptor> terminal() {
    return terminal;
  }

  public Optional<Descriptor> stdin() {
    return stdin;
  }

  public Optional<Descriptor> stdout() {
    return stdout;
  }

  public Optional<Descriptor> stderr() {
    return stderr;
  }

  /**
   * Waits for the exit code, 128 + signal for a signal; empty if it still runs after that time.
   *
   * @throws CompanionException if the monitor died meanwhile
   */
  public OptionalInt waitForExit(Duration timeout) throws InterruptedException {
    try {
      return OptionalInt.of(exit.get(timeout.toNanos(), TimeUnit.NANOSECONDS));
    } catch (TimeoutException e) {
      return OptionalInt.empty();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof CompanionException cause) {
        throw cause;
      }
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    connection.close();
    for (var end : List.of(terminal, stdin, stdout, stderr)) {
      end.ifPresent(Descriptor::close);
    }
  }

  private record ExitReader(CompletableFuture<Integer> exit) implements PacketConnection.Listener {
    @Override
    public void event(Packet packet) {
      if (packet.type() == EVENT_EXEC_EXITED) {
        exit.complete(packet.u32());
      }
    }

    @Override
    public void ended() {
      exit.completeExceptionally(CompanionException.ended("wait for the command"));
    }
  }
}
