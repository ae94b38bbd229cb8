package dev.nacelle.kernel.monitor;

import dev.nacelle.kernel.ErrnoException;
import dev.nacelle.kernel.process.CompanionException;
import dev.nacelle.kernel.process.Packet;
import dev.nacelle.kernel.process.PacketConnection;
import dev.nacelle.kernel.process.Poller;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * A connection to one monitor. Calls block (virtual threads park) and throw {@link
 * CompanionException}; safe for any thread.
 */
public final class MonitorClient implements AutoCloseable {
  private static final int CREATE = 0x0201;
  private static final int START = 0x0202;
  private static final int RUN = 0x0203;
  private static final int WATCH = 0x0205;
  private static final int STOP = 0x0206;
  private static final int SIGNAL = 0x0207;
  private static final int RESIZE = 0x020c;
  private static final int REOPEN_LOG = 0x020d;
  private static final int EVENT_EXITED = 0x9201;
  private static final int EVENT_FIRST_OUTPUT = 0x9202;
  static final Duration PATIENCE = Duration.ofSeconds(20);

  /** The runtime may wait for a slow disk, so a start gets longer. */
  private static final Duration START_PATIENCE = Duration.ofMinutes(2);

  /** What the streams of a process are. */
  public enum Stdio {
    TTY(1),
    STDIN(2);

    private final int bit;

    Stdio(int bit) {
      this.bit = bit;
    }

    /** As a set of bits of the protocol. */
    public static int bits(Set<Stdio> set) {
      return set.stream().mapToInt(s -> s.bit).sum();
    }
  }

  /** The states of protocol.h, in its order. */
  public enum State {
    NEW,
    CREATING,
    CREATED,
    RUNNING,
    EXITED
  }

  /** What a monitor knows. */
  public record Status(
      State state, OptionalInt pid, Optional<Instant> startedAt, Optional<Instant> firstOutputAt) {}

  /** Told on the connection's thread, in order; must not wait for an answer of the monitor. */
  public interface Listener {
    /** The container ended; its exit file is written. */
    void exited();

    void firstOutput(Instant at);

    /** The monitor has ended, with its container or by itself. */
    void ended();
  }

  private final PacketConnection connection;

  private MonitorClient(PacketConnection connection) {
    this.connection = connection;
  }

  /** Takes over a connection that came with a packet. */
  public static MonitorClient over(Poller poller, Packet packet, Listener listener) {
    return new MonitorClient(PacketConnection.over(poller, packet, new EventReader(listener)));
  }

  /**
   * Connects to the monitor of a container.
   *
   * @throws ErrnoException ENOENT or ECONNREFUSED if none runs
   */
  public static MonitorClient connect(Poller poller, Path containerDirectory, Listener listener) {
    return new MonitorClient(
        PacketConnection.open(poller, socket(containerDirectory), new EventReader(listener)));
  }

  static Path socket(Path containerDirectory) {
    return containerDirectory.resolve("monitor.sock");
  }

  /** Begins to tell the listener, and says what is so far. */
  public Status watch() throws InterruptedException {
    try (Packet reply = call("watch the container", WATCH, new Packet.Fields(), PATIENCE)) {
      State state = State.values()[reply.u32()];
      int pid = reply.u32();
      reply.u64();
      return new Status(
          state,
          pid > 0 ? OptionalInt.of(pid) : OptionalInt.empty(),
          instant(reply.u64()),
          instant(reply.u64()));
    }
  }

  /** Creates the container; the first process waits for {@link #start}. */
  public int create() throws InterruptedException {
    try (Packet reply = call("create the container", CREATE, new Packet.Fields(), START_PATIENCE)) {
      return reply.u32();
    }
  }

  /** Starts a created container. */
  public Started start() throws InterruptedException {
    return started(START);
  }

  /** Creates and starts: the fastest way. */
  public Started run() throws InterruptedException {
    return started(RUN);
  }

  /** The first process of a container, and since when. */
  public record Started(int pid, Instant at) {}

  private Started started(int type) throws InterruptedException {
    try (Packet reply = call("start the container", type, new Packet.Fields(), START_PATIENCE)) {
      return new Started(reply.u32(), instant(reply.u64()).orElse(Instant.EPOCH));
    }
  }

  /** Sends {@code signal}, and KILL after {@code grace}; returns at once. */
  public void stop(int signal, Duration grace) throws InterruptedException {
    var fields = new Packet.Fields().u32(signal).u64(grace.toMillis());
    call("stop the container", STOP, fields, PATIENCE).close();
  }

  public void signal(int signal) throws InterruptedException {
    call("signal the container", SIGNAL, new Packet.Fields().u32(signal), PATIENCE).close();
  }

  public void resize(int columns, int rows) throws InterruptedException {
    var fields = new Packet.Fields().u32(columns).u32(rows);
    call("set the size of the terminal", RESIZE, fields, PATIENCE).close();
  }

  public void reopenLog() throws InterruptedException {
    call("open the log again", REOPEN_LOG, new Packet.Fields(), PATIENCE).close();
  }

  public boolean isOver() {
    return connection.isOver();
  }

  private Packet call(String what, int type, Packet.Fields fields, Duration patience)
      throws InterruptedException {
    return connection.call(what, type, fields, patience);
  }

  @Override
  public void close() {
    connection.close();
  }

  private static Optional<Instant> instant(long nanos) {
    return nanos == 0
        ? Optional.empty()
        : Optional.of(Instant.ofEpochSecond(nanos / 1_000_000_000, nanos % 1_000_000_000));
  }

  private record EventReader(Listener listener) implements PacketConnection.Listener {
    @Override
    public void event(Packet packet) {
      if (packet.type() == EVENT_EXITED) {
        listener.exited();
      } else if (packet.type() == EVENT_FIRST_OUTPUT) {
        instant(packet.u64()).ifPresent(listener::firstOutput);
      }
    }

    @Override
    public void ended() {
      listener.ended();
    }
  }
}
