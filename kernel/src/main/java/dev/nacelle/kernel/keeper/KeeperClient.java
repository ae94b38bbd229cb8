package dev.nacelle.kernel.keeper;

import dev.nacelle.kernel.ErrnoException;
import dev.nacelle.kernel.monitor.MonitorClient;
import dev.nacelle.kernel.process.CompanionException;
import dev.nacelle.kernel.process.Companions;
import dev.nacelle.kernel.process.Packet;
import dev.nacelle.kernel.process.PacketConnection;
import dev.nacelle.kernel.process.Poller;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * A connection to the keeper of one instance. Calls block (virtual threads park) and throw {@link
 * CompanionException}; safe for any thread.
 */
public final class KeeperClient implements AutoCloseable {
  private static final int PROTOCOL_VERSION = 1;
  private static final int HELLO = 0x0001;
  private static final int SANDBOX_ENSURE = 0x0101;
  private static final int SANDBOX_REMOVE = 0x0103;
  private static final int SANDBOX_LIST = 0x0104;
  private static final int MONITOR_START = 0x0105;
  private static final int MONITOR_FORGET = 0x0106;
  private static final int WATCH = 0x0107;
  private static final int UPGRADE = 0x0108;
  private static final int POOL = 0x0109;
  private static final int SHUTDOWN = 0x010a;
  private static final int MONITOR_ADOPT = 0x010b;
  private static final int EVENT_MONITOR_DIED = 0x9101;
  private static final int FEATURE_STARTER = 1;
  private static final int FEATURE_LAZY = 2;
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final long START_SECONDS = 20;

  /** Namespaces that a sandbox has of its own. */
  public enum Namespace {
    NETWORK(1),
    IPC(2),
    UTS(4),
    /** With an init process of the keeper's. */
    PID(8);

    private final int bit;

    Namespace(int bit) {
      this.bit = bit;
    }
  }

  /** Told on the connection's thread; must not wait for an answer of the keeper. */
  public interface Listener {
    /** A monitor died; another one has taken over if {@code replaced}, else nothing was started. */
    void monitorDied(String containerId, Replacement replaced);

    /** The keeper died or was upgraded: connect again, or start another. */
    void ended();
  }

  /** What the keeper did about a dead monitor. */
  public enum Replacement {
    REPLACED,
    NOT_REPLACED
  }

  /** A sandbox as it was made or found; the init process is 0 where there is none. */
  public record Made(Origin origin, int initPid) {}

  /** Whether a sandbox is new. */
  public enum Origin {
    MADE,
    FOUND
  }

  private final Poller poller;
  private final PacketConnection connection;
  private final int pid;
  private final boolean startsContainers;
  private final LazySupport lazySupport;

  private KeeperClient(Poller poller, PacketConnection connection) throws InterruptedException {
    this.poller = poller;
    this.connection = connection;
    try (Packet hello =
        connection.call(
            "greet the keeper", HELLO, new Packet.Fields().u32(PROTOCOL_VERSION), PATIENCE)) {
      hello.u32();
      pid = hello.u32();
      int features = hello.isAtEnd() ? 0 : hello.u32(); // none in the first version
      startsContainers = (features & FEATURE_STARTER) != 0;
      String why = hello.isAtEnd() ? "the keeper is of a version without it" : hello.string();
      lazySupport =
          (features & FEATURE_LAZY) == 0
              ? new LazySupport.Missing(why)
              : new LazySupport.Available();
    }
    connection.call("watch the keeper", WATCH, new Packet.Fields(), PATIENCE).close();
  }

  /**
   * Starts a keeper as a daemon that outlives this process, and returns when it listens.
   *
   * @param runDirectory exists, with enough rights for root alone
   * @param pool how many sandboxes it keeps ready
   * @throws IOException if it cannot start, for example because another one holds the lock
   */
  public static void start(Companions companions, Path runDirectory, int pool)
      throws IOException, InterruptedException {
    var builder =
        new ProcessBuilder(
            companions.keeper().toString(),
            "--dir",
            runDirectory.toString(),
            "--monitor",
            companions.monitor().toString(),
            "--pool",
            Integer.toString(pool));
    builder.environment().clear();
    builder.redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()));
    builder.redirectErrorStream(true);
    builder.redirectOutput(runDirectory.resolve("keeper.log").toFile());
    Process process = builder.start();
    if (!process.waitFor(START_SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new IOException("cannot start the keeper: it is not ready after 20 s");
    }
    if (process.exitValue() != 0) {
      String said =
          new String(
                  java.nio.file.Files.readAllBytes(runDirectory.resolve("keeper.log")),
                  StandardCharsets.UTF_8)
              .strip();
      throw new IOException("cannot start the keeper: " + said);
    }
  }

  /**
   * Connects to a running keeper.
   *
   * @throws ErrnoException ENOENT or ECONNREFUSED if none runs
   */
  public static KeeperClient connect(Poller poller, Path runDirectory, Listener listener)
      throws InterruptedException {
    var connection =
        PacketConnection.open(
            poller, runDirectory.resolve("keeper.sock"), new EventReader(listener));
    try {
      return new KeeperClient(poller, connection);
    } catch (CompanionException e) {
      connection.close();
      throw e;
    }
  }

  /** Its process. */
  public int pid() {
    return pid;
  }

  /** Whether its monitors can start containers without an OCI runtime: the kernel was tried. */
  public boolean startsContainers() {
    return startsContainers;
  }

  /**
   * Whether files can be filled while they are read: a file beside the run directory was marked.
   */
  public LazySupport lazySupport() {
    return lazySupport;
  }

  public boolean isOver() {
    return connection.isOver();
  }

  /**
   * Makes a sandbox; one of that id that is there already is left as it is. Its namespaces are
   * pinned as {@code ns/ID/net|ipc|uts|pid} below the run directory.
   *
   * @param sysctls by path below /proc/sys
   */
  public Made ensureSandbox(
      String id, Set<Namespace> namespaces, String hostname, Map<String, String> sysctls)
      throws InterruptedException {
    int flags = 0;
    for (Namespace namespace : EnumSet.copyOf(namespaces)) {
      flags |= namespace.bit;
    }
    var fields = new Packet.Fields().string(id).u32(flags).string(hostname).u32(sysctls.size());
    sysctls.forEach((path, value) -> fields.string(path).string(value));
    try (Packet reply = connection.call("make sandbox " + id, SANDBOX_ENSURE, fields, PATIENCE)) {
      return new Made(reply.u32() == 0 ? Origin.FOUND : Origin.MADE, reply.u32());
    }
  }

  /** Lets the namespaces go; an unknown id is a success. */
  public void removeSandbox(String id) throws InterruptedException {
    connection
        .call("remove sandbox " + id, SANDBOX_REMOVE, new Packet.Fields().string(id), PATIENCE)
        .close();
  }

  /** The ids of all sandboxes, in order. */
  public List<String> sandboxes() throws InterruptedException {
    var ids = new ArrayList<String>();
    while (true) {
      String after = ids.isEmpty() ? "" : ids.getLast();
      try (Packet reply =
          connection.call(
              "list sandboxes", SANDBOX_LIST, new Packet.Fields().string(after), PATIENCE)) {
        int count = reply.u32();
        if (count == 0) {
          return List.copyOf(ids);
        }
        for (int i = 0; i < count; i++) {
          ids.add(reply.string());
        }
      }
    }
  }

  /** What a monitor does without being asked. */
  public enum Begin {
    /** Nothing. */
    WAITING(0),
    /**
     * Creates and starts the container at once. The connection watches already; {@link
     * MonitorClient#run} only waits for the result.
     */
    RUNNING(4);

    private final int bit;

    Begin(int bit) {
      this.bit = bit;
    }
  }

  /** Whether a monitor holds the fanotify group of lazily filled files beside the keeper. */
  public enum LazyGroup {
    NOT_HELD(0),
    /** So that readers wait, and see no zeros, while neither keeper nor platform lives. */
    HELD(8);

    private final int bit;

    LazyGroup(int bit) {
      this.bit = bit;
    }
  }

  /** As the other, of a container without lazily filled files. */
  public MonitorClient startMonitor(
      String containerId,
      Set<MonitorClient.Stdio> stdio,
      Begin begin,
      MonitorClient.Listener listener)
      throws InterruptedException {
    return startMonitor(containerId, stdio, begin, LazyGroup.NOT_HELD, listener);
  }

  /**
   * Starts the monitor of a container whose directory, with monitor.conf, is there.
   *
   * @throws CompanionException EEXIST if it has one; ENOENT if it is to hold a group that nobody
   *     has opened
   */
  public MonitorClient startMonitor(
      String containerId,
      Set<MonitorClient.Stdio> stdio,
      Begin begin,
      LazyGroup group,
      MonitorClient.Listener listener)
      throws InterruptedException {
    var fields =
        new Packet.Fields()
            .string(containerId)
            .u32(MonitorClient.Stdio.bits(stdio) | begin.bit | group.bit);
    try (Packet reply =
        connection.call("start a monitor for " + containerId, MONITOR_START, fields, PATIENCE)) {
      reply.u32();
      return MonitorClient.over(poller, reply, listener);
    }
  }

  /** As the other, of a container without lazily filled files. */
  public void adoptMonitor(String containerId) throws InterruptedException {
    adoptMonitor(containerId, LazyGroup.NOT_HELD);
  }

  /** Makes sure that a container which may run has a monitor; one that lives is left alone. */
  public void adoptMonitor(String containerId, LazyGroup group) throws InterruptedException {
    connection
        .call(
            "adopt the monitor of " + containerId,
            MONITOR_ADOPT,
            new Packet.Fields().string(containerId).u32(group.bit),
            PATIENCE)
        .close();
  }

  /** Drops what is kept for a container that has ended. */
  public void forgetMonitor(String containerId) throws InterruptedException {
    connection
        .call(
            "forget the monitor of " + containerId,
            MONITOR_FORGET,
            new Packet.Fields().string(containerId),
            PATIENCE)
        .close();
  }

  /** Sets how many generic sandboxes are kept ready. */
  public void pool(int count) throws InterruptedException {
    connection.call("set the pool", POOL, new Packet.Fields().u32(count), PATIENCE).close();
  }

  /**
   * Replaces the keeper's program in place: the process, its children and all it holds stay. The
   * connection ends afterwards.
   */
  public void upgrade(Companions companions) throws InterruptedException {
    var fields =
        new Packet.Fields()
            .string(companions.keeper().toString())
            .string(companions.monitor().toString());
    connection.call("upgrade the keeper", UPGRADE, fields, PATIENCE).close();
  }

  /**
   * Removes all sandboxes and ends the keeper.
   *
   * @throws CompanionException EBUSY while containers are there
   */
  public void shutDown() throws InterruptedException {
    connection.call("end the keeper", SHUTDOWN, new Packet.Fields(), PATIENCE).close();
  }

  @Override
  public void close() {
    connection.close();
  }

  private record EventReader(Listener listener) implements PacketConnection.Listener {
    @Override
    public void event(Packet packet) {
      if (packet.type() == EVENT_MONITOR_DIED) {
        String id = packet.string();
        listener.monitorDied(
            id, packet.u32() == 0 ? Replacement.NOT_REPLACED : Replacement.REPLACED);
      }
    }

    @Override
    public void ended() {
      listener.ended();
    }
  }
}
