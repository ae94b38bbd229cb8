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
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiConsumer;

/**
 * One connection to one keeper for lazy files, and the reads it delivered that are not answered.
 * Safe for any thread.
 */
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

  /** What OPEN answered. */
  record Opened(PreContent.Origin origin, int swept, Group group) {}

  private final PacketConnection connection;
  private final ProcessExit keeper;
  private final BiConsumer<KeeperLink, Read> reads;
  private final Runnable ended;
  private final Map<Integer, LazyFile> files = new ConcurrentHashMap<>();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Map<Long, Read> unanswered = new HashMap<>(); // by sequence; under the lock
  private boolean over; // under the lock

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
      keeper = ProcessExit.watch(hello.u32());
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
      return new Opened(origin, reply.u32(), new Group(PacketConnection.takeFile(reply)));
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
    forget(file); // the keeper answers these itself: their numbers may soon be others'
    int flags = removal == PreContent.Removal.DISCARD ? REMOVE_DISCARD : 0;
    connection
        .call(
            "remove " + file.id(),
            REMOVE,
            new Packet.Fields().string(file.id()).u32(flags),
            PATIENCE)
        .close();
    files.values().removeIf(file::equals);
  }

  private void forget(LazyFile file) {
    lock.lock();
    try {
      unanswered.values().removeIf(read -> read.file().equals(file));
      changed.signalAll();
    } finally {
      lock.unlock();
    }
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
      int number = packet.u32();
      long offset = packet.u64();
      long length = packet.u64();
      if (file == null) {
        tell(sequence, Errno.EIO);
        continue;
      }
      var read = new Read(sequence, file, number, offset, length, OptionalInt.empty());
      lock.lock();
      try {
        unanswered.put(sequence, read);
      } finally {
        lock.unlock();
      }
      reads.accept(this, read);
    }
  }

  /** Answers a read, or keeps the answer where the keeper has gone. */
  void finished(Read read, int errno) {
    if (isGivenUp(read)) {
      return; // and answered by others
    }
    boolean told = !isOver() && tell(read.sequence(), errno);
    lock.lock();
    try {
      if (told) {
        unanswered.remove(read.sequence());
      } else {
        unanswered.computeIfPresent(read.sequence(), (sequence, r) -> r.finished(errno));
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private boolean isGivenUp(Read read) {
    lock.lock();
    try {
      return !unanswered.containsKey(read.sequence());
    } finally {
      lock.unlock();
    }
  }

  /** False where the connection has ended: nobody was let through. */
  private boolean tell(long sequence, int errno) {
    try {
      connection.tell("answer a read", ANSWER, new Packet.Fields().u32(1).u64(sequence).u32(errno));
      return true;
    } catch (CompanionException e) {
      if (!e.isGone()) {
        throw e;
      }
      return false;
    }
  }

  /**
   * Answers what this link's dead keeper had delivered, each when its fill has ended; what takes
   * longer is given up. Only while no other keeper reads the group.
   *
   * @return how many readers took their answer
   */
  int answerForTheDead(Group group, Duration patience) throws InterruptedException {
    lock.lock();
    try {
      long left = patience.toNanos();
      while (left > 0 && unanswered.values().stream().anyMatch(read -> read.errno().isEmpty())) {
        left = changed.awaitNanos(left);
      }
      int taken = 0;
      for (Read read : unanswered.values()) {
        if (read.errno().isPresent() && answer(group, read) == Group.Answered.TAKEN) {
          taken++;
        }
      }
      unanswered.clear();
      return taken;
    } finally {
      lock.unlock();
    }
  }

  private static Group.Answered answer(Group group, Read read) {
    int errno = read.errno().orElse(Errno.EIO);
    boolean present = read.file().map().hasRange(read.offset(), read.count());
    return group.answer(read.number(), errno == 0 && !present ? Errno.EIO : errno);
  }

  /** Forgets what was delivered: a keeper that lives delivers it again. */
  void giveUp() {
    lock.lock();
    try {
      unanswered.clear();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  boolean keeperIsDead() {
    return keeper.isOver();
  }

  boolean isOver() {
    lock.lock();
    try {
      return over;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void ended() {
    lock.lock();
    try {
      over = true;
    } finally {
      lock.unlock();
    }
    ended.run();
  }

  @Override
  public void close() {
    connection.close();
    keeper.close();
  }
}
