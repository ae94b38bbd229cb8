package dev.nacelle.kernel.lazy;

import dev.nacelle.kernel.Errno;
import dev.nacelle.kernel.process.CompanionException;
import dev.nacelle.kernel.process.OpenFile;
import dev.nacelle.kernel.process.Packet;
import dev.nacelle.kernel.process.PacketConnection;
import dev.nacelle.kernel.process.Poller;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiConsumer;

/** One connection to one keeper for lazy files. Safe for any thread. */
final class KeeperLink implements AutoCloseable, PacketConnection.Listener {
  private static final int HELLO = 0x0001;
  private static final int OPEN = 0x010c;
  private static final int ADD = 0x010d;
  private static final int REMOVE = 0x010e;
  private static final int LIST = 0x010f;
  private static final int FILE = 0x0110;
  private static final int SERVE = 0x0111;
  private static final int ANSWER = 0x0112;
  private static final int EVENT_READS = 0x9102;
  private static final int ADD_RAISES = 1;
  private static final int REMOVE_DISCARD = 1;
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final long LOOK_AGAIN_NANOS = 500_000;

  /** What OPEN answered; see {@link Recovery}. */
  record Opened(PreContent.Origin origin, int continued, int failed, Group group) {}

  private final PacketConnection connection;
  private final BiConsumer<KeeperLink, Read> reads;
  private final Runnable ended;
  private final Map<Integer, LazyFile> files = new ConcurrentHashMap<>();
  private volatile boolean over;

  /**
   * Connects to the keeper of that directory.
   *
   * @param reads told of every read, on the connection's thread
   * @param ended told once when the connection has ended
   */
  KeeperLink(Poller poller, Path runDirectory, BiConsumer<KeeperLink, Read> reads, Runnable ended)
      throws InterruptedException {
    this.reads = reads;
    this.ended = ended;
    connection = PacketConnection.open(poller, runDirectory.resolve("keeper.sock"), this);
    try (Packet hello =
        connection.call("greet the keeper", HELLO, new Packet.Fields().u32(1), PATIENCE)) {
      hello.u32();
      hello.u32();
    } catch (RuntimeException e) {
      connection.close();
      throw e;
    }
  }

  /** Opens the keeper's group; one that is given is taken over if the keeper has none. */
  Opened open(List<OpenFile> group) throws InterruptedException {
    try (Packet reply =
        connection.call("open the group", OPEN, new Packet.Fields(), group, PATIENCE)) {
      var origin = PreContent.Origin.values()[reply.u32()];
      int continued = reply.u32();
      int failed = reply.u32();
      var held = new Group(PacketConnection.takeFile(reply), PacketConnection.takeFile(reply));
      return new Opened(origin, continued, failed, held);
    }
  }

  /** Tells of a file; the keeper marks it. */
  void add(LazyFile file) throws InterruptedException {
    add(file.id(), file.blob(), file.map(), 0).ifPresent(handle -> files.put(handle, file));
  }

  private OptionalInt add(String id, OpenFile blob, PresenceMap map, int flags)
      throws InterruptedException {
    var fields =
        new Packet.Fields().string(id).u64(map.sizeBytes()).u32(map.chunkBytes()).u32(flags);
    try (OpenFile words = OpenFile.open(map.path());
        Packet reply =
            connection.call(
                "fill " + id + " lazily", ADD, fields, List.of(blob, words), PATIENCE)) {
      return OptionalInt.of(reply.u32());
    }
  }

  /**
   * Tells of a file that may be marked already, and waits until the keeper has a descriptor for it
   * that raises no events.
   */
  LazyFile addMarked(String id, Path blob, PresenceMap map) throws InterruptedException {
    try (OpenFile raises = OpenFile.open(blob)) {
      add(id, raises, map, ADD_RAISES);
    }
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      try {
        return attach(id, map);
      } catch (CompanionException e) {
        if (e.errno() != Errno.EAGAIN || System.nanoTime() > end) {
          throw e;
        }
        LockSupport.parkNanos(LOOK_AGAIN_NANOS);
      }
    }
  }

  /** Takes the keeper's descriptor of a file that it has. */
  LazyFile attach(String id, PresenceMap map) throws InterruptedException {
    try (Packet reply =
        connection.call("open " + id, FILE, new Packet.Fields().string(id), PATIENCE)) {
      int handle = reply.u32();
      if (reply.u64() != map.sizeBytes() || reply.u32() != map.chunkBytes()) {
        throw new IllegalArgumentException(
            "cannot fill " + id + ": the keeper has it with another size");
      }
      var file = new LazyFile(id, PacketConnection.takeFile(reply), map);
      files.put(handle, file);
      return file;
    }
  }

  /** The files the keeper has: handles by id. */
  Map<String, Integer> list() throws InterruptedException {
    var found = new HashMap<String, Integer>();
    int from = 0;
    while (true) {
      try (Packet reply =
          connection.call("list lazy files", LIST, new Packet.Fields().u32(from), PATIENCE)) {
        int count = reply.u32();
        if (count == 0) {
          return Map.copyOf(found);
        }
        for (int i = 0; i < count; i++) {
          int handle = reply.u32();
          reply.u64();
          reply.u32();
          found.put(reply.string(), handle);
          from = handle + 1;
        }
      }
    }
  }

  /** Says which file a handle of {@link #list} is. */
  void know(int handle, LazyFile file) {
    files.put(handle, file);
  }

  void remove(LazyFile file, PreContent.Removal removal) throws InterruptedException {
    if (removal == PreContent.Removal.WHOLE && !file.map().isWhole()) {
      throw new IllegalStateException(
          "cannot remove " + file.id() + ": parts of it are missing; fill or discard it");
    }
    remove(file.id(), removal == PreContent.Removal.DISCARD ? REMOVE_DISCARD : 0);
    files.values().removeIf(file::equals);
  }

  /** Ends a file of which this knows no more than its id. */
  void discard(String id) throws InterruptedException {
    remove(id, REMOVE_DISCARD);
  }

  private void remove(String id, int flags) throws InterruptedException {
    connection
        .call("remove " + id, REMOVE, new Packet.Fields().string(id).u32(flags), PATIENCE)
        .close();
  }

  /** Asks for reads, those that wait already first. */
  void serve() throws InterruptedException {
    connection.call("serve reads", SERVE, new Packet.Fields(), PATIENCE).close();
  }

  @Override
  public void event(Packet packet) {
    if (packet.type() != EVENT_READS) {
      return;
    }
    int count = packet.u32();
    for (int i = 0; i < count; i++) {
      long sequence = packet.u64();
      LazyFile file = files.get(packet.u32());
      long offset = packet.u64();
      long length = packet.u64();
      if (file == null) {
        tell(sequence, Errno.EIO);
        continue;
      }
      reads.accept(this, new Read(sequence, file, offset, length));
    }
  }

  /** Answers a read. A keeper that has gone is not told: the next one delivers the read again. */
  void finished(Read read, int errno) {
    tell(read.sequence(), errno);
  }

  private void tell(long sequence, int errno) {
    try {
      connection.tell("answer a read", ANSWER, new Packet.Fields().u32(1).u64(sequence).u32(errno));
    } catch (CompanionException e) {
      if (!e.isGone()) {
        throw e;
      }
      // nobody was let through: the read waits for the next keeper
    }
  }

  boolean isOver() {
    return over;
  }

  @Override
  public void ended() {
    over = true;
    ended.run();
  }

  @Override
  public void close() {
    connection.close();
  }
}
