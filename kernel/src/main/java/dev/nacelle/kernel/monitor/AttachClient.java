package dev.nacelle.kernel.monitor;

import dev.nacelle.kernel.ErrnoException;
import dev.nacelle.kernel.process.CompanionException;
import dev.nacelle.kernel.process.Packet;
import dev.nacelle.kernel.process.PacketConnection;
import dev.nacelle.kernel.process.Poller;
import java.nio.file.Path;

/**
 * The streams of a container's own process, from now on. A reader that is slower than the container
 * holds it back, for ten seconds at most; then the monitor ends the connection. Safe for any
 * thread.
 */
public final class AttachClient implements AutoCloseable {
  private static final int ATTACH = 0x0209;
  private static final int STDIN = 0x020a;
  private static final int STDIN_CLOSE = 0x020b;
  private static final int RESIZE = 0x020c;
  private static final int EVENT_OUTPUT = 0x9204;
  private static final int MAX_INPUT = 16_384;

  /** Told on the connection's thread, in order; it may block, which is the back-pressure. */
  public interface Listener {
    /** Output of standard output (1) or standard error (2). */
    void output(int stream, byte[] bytes);

    void ended();
  }

  private final PacketConnection connection;

  private AttachClient(PacketConnection connection) {
    this.connection = connection;
  }

  /**
   * Attaches to a running container.
   *
   * @throws ErrnoException ENOENT or ECONNREFUSED if it has no monitor
   * @throws CompanionException if the container has ended
   */
  public static AttachClient start(Poller poller, Path containerDirectory, Listener listener)
      throws InterruptedException {
    var connection =
        PacketConnection.open(
            poller, MonitorClient.socket(containerDirectory), new OutputReader(listener));
    try {
      connection
          .call("attach to the container", ATTACH, new Packet.Fields(), MonitorClient.PATIENCE)
          .close();
      return new AttachClient(connection);
    } catch (CompanionException | InterruptedException e) {
      connection.close();
      throw e;
    }
  }

  /** Sends input; parks while the container does not read. */
  public void write(byte[] bytes, int offset, int length) {
    for (int done = 0; done < length; done += MAX_INPUT) {
      int part = Math.min(MAX_INPUT, length - done);
      var fields = new Packet.Fields().bytes(bytes, offset + done, part);
      connection.tell("write to the container", STDIN, fields);
    }
  }

  /** Ends the input; only a container whose input serves one session sees it. */
  public void closeInput() {
    connection.tell("end the container's input", STDIN_CLOSE, new Packet.Fields());
  }

  public void resize(int columns, int rows) throws InterruptedException {
    connection
        .call(
            "set the size of the terminal",
            RESIZE,
            new Packet.Fields().u32(columns).u32(rows),
            MonitorClient.PATIENCE)
        .close();
  }

  @Override
  public void close() {
    connection.close();
  }

  private record OutputReader(Listener listener) implements PacketConnection.Listener {
    @Override
    public void event(Packet packet) {
      if (packet.type() == EVENT_OUTPUT) {
        listener.output(packet.u32(), packet.rest());
      }
    }

    @Override
    public void ended() {
      listener.ended();
    }
  }
}
