package dev.nacelle.runtime;

import dev.nacelle.kernel.ErrnoException;
import dev.nacelle.kernel.keeper.KeeperClient;
import dev.nacelle.kernel.process.CompanionException;
import dev.nacelle.kernel.process.Companions;
import dev.nacelle.kernel.process.Poller;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * The keeper, whichever runs: connected to, upgraded to this build's program if it is an older one,
 * started if there is none, and replaced when it dies. Safe for any thread.
 */
final class KeeperLink implements AutoCloseable {
  private static final int CONNECT_ATTEMPTS = 100;
  private static final long PAUSE_MILLIS = 20;

  private final Poller poller;
  private final Path runDirectory;
  private final Companions companions;
  private final int pool;
  private final MonitorDeaths monitorDeaths;
  private final Consumer<String> replaced;
  private final ReentrantLock lock = new ReentrantLock();
  private Optional<KeeperClient> client = Optional.empty();
  private volatile boolean closed;
  private volatile boolean started;
  private volatile KeeperClient.LazyGroup lazyGroup = KeeperClient.LazyGroup.NOT_HELD;

  /** Told of a monitor that died. */
  interface MonitorDeaths {
    void monitorDied(String containerId, KeeperClient.Replacement replacement);
  }

  /**
   * @param replaced told when a dead keeper was replaced, with a line for a person
   */
  KeeperLink(
      Poller poller,
      Path runDirectory,
      Companions companions,
      int pool,
      MonitorDeaths monitorDeaths,
      Consumer<String> replaced) {
    this.poller = poller;
    this.runDirectory = runDirectory;
    this.companions = companions;
    this.pool = pool;
    this.monitorDeaths = monitorDeaths;
    this.replaced = replaced;
  }

  /** A living connection; starts a keeper where there is none. */
  KeeperClient client() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      if (closed) {
        throw unavailable("the runtime is closed");
      }
      if (client.isEmpty() || client.get().isOver()) {
        client = Optional.of(connect());
      }
      return client.get();
    } finally {
      lock.unlock();
    }
  }

  /** From now on every monitor holds the group of lazily filled files. */
  void holdLazyGroup() {
    lazyGroup = KeeperClient.LazyGroup.HELD;
  }

  KeeperClient.LazyGroup lazyGroup() {
    return lazyGroup;
  }

  /** Whether this process has started one, for want of a running one. */
  boolean hasStarted() {
    return started;
  }

  private static ContainerRuntimeException unavailable(String why) {
    return new ContainerRuntimeException(
        ContainerRuntimeException.Reason.UNAVAILABLE, "cannot reach the keeper: " + why);
  }

  private KeeperClient connect() throws InterruptedException {
    String last = "";
    for (int attempt = 0; attempt < CONNECT_ATTEMPTS; attempt++) {
      try {
        KeeperClient found = KeeperClient.connect(poller, runDirectory, new Ended());
        if (runs(found.pid(), companions.keeper())) {
          return found;
        }
        found.upgrade(companions);
        found.close();
      } catch (CompanionException e) {
        last = e.getMessage();
      } catch (ErrnoException e) {
        last = start(String.valueOf(e.getMessage()));
      }
      Thread.sleep(PAUSE_MILLIS);
    }
    throw unavailable(last);
  }

  /** One that is just dying still holds the lock: the caller tries again. */
  private String start(String why) throws InterruptedException {
    try {
      KeeperClient.start(companions, runDirectory, pool);
      started = true;
      return why;
    } catch (IOException e) {
      return String.valueOf(e.getMessage());
    }
  }

  private static boolean runs(int pid, Path program) {
    try {
      return Files.readSymbolicLink(Path.of("/proc/" + pid + "/exe")).equals(program.toRealPath());
    } catch (IOException e) {
      return false;
    }
  }

  /** The keeper is about to end on request: it is not replaced. */
  void closing() {
    closed = true;
  }

  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      client.ifPresent(KeeperClient::close);
      client = Optional.empty();
    } finally {
      lock.unlock();
    }
  }

  private final class Ended implements KeeperClient.Listener {
    @Override
    public void monitorDied(String containerId, KeeperClient.Replacement replacement) {
      monitorDeaths.monitorDied(containerId, replacement);
    }

    @Override
    public void ended() {
      if (!closed) {
        Thread.ofVirtual().name("keeper-replacement").start(this::replace);
      }
    }

    private void replace() {
      try {
        KeeperClient next = client();
        replaced.accept("the keeper's connection ended; process " + next.pid() + " serves now");
      } catch (ContainerRuntimeException e) {
        // the next call tries again and says so to its caller
        return;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
