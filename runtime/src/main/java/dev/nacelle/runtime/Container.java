package dev.nacelle.runtime;

import dev.nacelle.kernel.Errno;
import dev.nacelle.kernel.ErrnoException;
import dev.nacelle.kernel.keeper.KeeperClient;
import dev.nacelle.kernel.monitor.MonitorClient;
import dev.nacelle.kernel.process.CompanionException;
import dev.nacelle.kernel.process.Poller;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * One container and the connection to its monitor. Operations on it are ordered by one lock; what
 * the monitor reports goes under another, so that a report never waits for an operation that waits
 * for it. Safe for any thread.
 */
final class Container {
  private static final long PAUSE_MILLIS = 20;
  private static final long LONG_PAUSE_MILLIS = 1_000;
  private static final int QUICK_ATTEMPTS = 100;

  private final ContainerRecord record;
  private final Path directory;
  private final Poller poller;
  private final KeeperLink keeper;
  private final EventHub events;
  private final ReentrantLock operations = new ReentrantLock();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private Optional<MonitorClient> monitor = Optional.empty();
  private boolean created;
  private OptionalInt pid = OptionalInt.empty();
  private Optional<Instant> startedAt = Optional.empty();
  private Optional<Instant> firstOutputAt = Optional.empty();
  private Optional<ContainerStatus.Exit> exit = Optional.empty();
  private boolean removed;

  Container(
      ContainerRecord record, Path directory, Poller poller, KeeperLink keeper, EventHub events) {
    this.record = record;
    this.directory = directory;
    this.poller = poller;
    this.keeper = keeper;
    this.events = events;
  }

  ContainerRecord record() {
    return record;
  }

  Path directory() {
    return directory;
  }

  ReentrantLock operations() {
    return operations;
  }

  ContainerStatus status() {
    lock.lock();
    try {
      ContainerStatus.State state =
          exit.isPresent()
              ? ContainerStatus.State.EXITED
              : startedAt.isPresent()
                  ? ContainerStatus.State.RUNNING
                  : ContainerStatus.State.CREATED;
      return new ContainerStatus(
          record.id(),
          record.sandboxId(),
          state,
          state == ContainerStatus.State.RUNNING ? pid : OptionalInt.empty(),
          record.createdAt(),
          startedAt,
          firstOutputAt,
          exit,
          record.logPath(),
          record.attempt(),
          record.labels());
    } finally {
      lock.unlock();
    }
  }

  boolean isCreated() {
    lock.lock();
    try {
      return created;
    } finally {
      lock.unlock();
    }
  }

  /** Starts a monitor; the caller holds the operations lock and has written its files. */
  void open(KeeperClient.Begin begin) throws InterruptedException {
    Set<MonitorClient.Stdio> stdio = EnumSet.noneOf(MonitorClient.Stdio.class);
    if (record.stdio().contains(Stdio.TTY)) {
      stdio.add(MonitorClient.Stdio.TTY);
    }
    if (record.stdio().contains(Stdio.STDIN)) {
      stdio.add(MonitorClient.Stdio.STDIN);
    }
    MonitorClient client = startMonitor(stdio, begin);
    keep(client);
    if (begin == KeeperClient.Begin.WAITING) {
      client.watch();
    }
  }

  /** A keeper that has just replaced a dead one is given the group within milliseconds. */
  private MonitorClient startMonitor(Set<MonitorClient.Stdio> stdio, KeeperClient.Begin begin)
      throws InterruptedException {
    for (int attempt = 0; ; attempt++) {
      try {
        return keeper
            .client()
            .startMonitor(record.id(), stdio, begin, keeper.lazyGroup(), new Reports());
      } catch (CompanionException e) {
        boolean hasNoGroup =
            e.errno() == Errno.ENOENT && keeper.lazyGroup() == KeeperClient.LazyGroup.HELD;
        if (!hasNoGroup || attempt == QUICK_ATTEMPTS) {
          throw e;
        }
        TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
      }
    }
  }

  private void keep(MonitorClient client) {
    lock.lock();
    try {
      monitor = Optional.of(client);
    } finally {
      lock.unlock();
    }
  }

  /** The living connection to the monitor. */
  MonitorClient monitor() {
    lock.lock();
    try {
      return monitor
          .filter(m -> !m.isOver())
          .orElseThrow(
              () ->
                  new ContainerRuntimeException(
                      ContainerRuntimeException.Reason.UNAVAILABLE,
                      "cannot reach the monitor of " + record.id() + ": it is being replaced"));
    } finally {
      lock.unlock();
    }
  }

  void created(int process) {
    lock.lock();
    try {
      created = true;
      pid = OptionalInt.of(process);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  void started(MonitorClient.Started started) {
    lock.lock();
    try {
      created = true;
      pid = OptionalInt.of(started.pid());
      startedAt = Optional.of(started.at());
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Waits for the end; empty if it has not come in that time. */
  Optional<ContainerStatus.Exit> waitForExit(Duration timeout) throws InterruptedException {
    long left = timeout.toNanos();
    lock.lockInterruptibly();
    try {
      while (exit.isEmpty() && left > 0) {
        left = changed.awaitNanos(left);
      }
      return exit;
    } finally {
      lock.unlock();
    }
  }

  /** Reads the exit file, if there is one, and reports the end once. */
  boolean readExit() {
    Optional<ExitFile> file = ExitFile.read(directory);
    if (file.isEmpty()) {
      return false;
    }
    lock.lock();
    try {
      if (exit.isPresent() || removed) {
        return true;
      }
      created = true;
      file.get().startedAt().ifPresent(at -> startedAt = Optional.of(at));
      file.get().firstOutputAt().ifPresent(at -> firstOutputAt = Optional.of(at));
      exit = Optional.of(file.get().exit());
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    events.publish(new RuntimeEvent.ContainerExited(status()));
    return true;
  }

  void removed() {
    lock.lock();
    try {
      removed = true;
      monitor.ifPresent(MonitorClient::close);
    } finally {
      lock.unlock();
    }
  }

  /** A connection that another one replaced is not missed. */
  boolean isConnected() {
    lock.lock();
    try {
      return monitor.filter(m -> !m.isOver()).isPresent();
    } finally {
      lock.unlock();
    }
  }

  private boolean isRemoved() {
    lock.lock();
    try {
      return removed;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Finds the container after a restart of this process: its end, or its monitor. False if its
   * monitor cannot be reached yet.
   */
  boolean adopt() throws InterruptedException {
    if (readExit()) {
      return true;
    }
    try {
      MonitorClient client = MonitorClient.connect(poller, directory, new Reports());
      MonitorClient.Status status = client.watch();
      lock.lock();
      try {
        created = status.state().compareTo(MonitorClient.State.CREATED) >= 0;
        pid = status.pid();
        startedAt = status.startedAt();
        firstOutputAt = status.firstOutputAt();
        Optional<MonitorClient> before = monitor;
        monitor = Optional.of(client);
        before.ifPresent(MonitorClient::close);
        changed.signalAll();
      } finally {
        lock.unlock();
      }
      return true;
    } catch (ErrnoException | CompanionException e) {
      return readExit();
    }
  }

  /** After its monitor's end: waits for the next one, asking the keeper for it now and then. */
  void reconnect(java.util.function.BooleanSupplier closed) {
    try {
      for (int attempt = 0; !closed.getAsBoolean() && !isRemoved() && !adopt(); attempt++) {
        if (attempt % 10 == 9 && Files.exists(directory.resolve("started"))) {
          askKeeper();
        } else if (attempt > 10 && !Files.exists(directory.resolve("started"))) {
          return; // nothing was started: the caller's next call begins again
        }
        TimeUnit.MILLISECONDS.sleep(attempt < QUICK_ATTEMPTS ? PAUSE_MILLIS : LONG_PAUSE_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void askKeeper() throws InterruptedException {
    try {
      KeeperClient client = keeper.client();
      client.adoptMonitor(record.id(), keeper.lazyGroup());
    } catch (CompanionException | ContainerRuntimeException e) {
      // the caller's loop asks again
      return;
    }
  }

  private final class Reports implements MonitorClient.Listener {
    @Override
    public void exited() {
      readExit();
    }

    @Override
    public void firstOutput(Instant at) {
      lock.lock();
      try {
        firstOutputAt = Optional.of(at);
      } finally {
        lock.unlock();
      }
      events.publish(new RuntimeEvent.FirstOutput(status()));
    }

    @Override
    public void ended() {
      if (!readExit() && !events.isClosed() && !isRemoved() && !isConnected()) {
        Thread.ofVirtual()
            .name("reconnect-" + record.id())
            .start(() -> reconnect(events::isClosed));
      }
    }
  }
}
