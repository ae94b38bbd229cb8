package dev.nacelle.kernel.lazy;

import dev.nacelle.kernel.keeper.KeeperClient;
import dev.nacelle.kernel.keeper.LazySupport;
import dev.nacelle.kernel.process.Companions;
import dev.nacelle.kernel.process.Poller;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/** A keeper of its own in a directory of its own, which can be killed and started again. */
final class LazyInstance implements AutoCloseable {
  static final Duration PATIENCE = Duration.ofSeconds(60);
  final Path directory;
  final Path run;
  final Companions companions;
  final Poller poller;
  private ProcessHandle keeper;

  LazyInstance() throws IOException, InterruptedException {
    Assumptions.assumeTrue(System.getProperty("user.name").equals("root"), "needs root");
    directory = Files.createTempDirectory("lazy-test-");
    run = directory.resolve("run");
    Files.createDirectories(run.resolve("containers"));
    companions = Companions.extract(directory.resolve("bin"));
    poller = Poller.open();
    keeper = started(companions);
    LazySupport support;
    try (KeeperClient client = client()) {
      support = client.lazySupport();
    }
    if (support instanceof LazySupport.Missing missing) {
      close();
      Assumptions.abort("no pre-content events: " + missing.why());
    }
  }

  void startKeeper() throws IOException, InterruptedException {
    startKeeper(companions);
  }

  void startKeeper(Companions version) throws IOException, InterruptedException {
    keeper = started(version);
  }

  private ProcessHandle started(Companions version) throws IOException, InterruptedException {
    KeeperClient.start(version, run, 0);
    try (KeeperClient client = client()) {
      return ProcessHandle.of(client.pid()).orElseThrow();
    }
  }

  KeeperClient client() throws InterruptedException {
    return KeeperClient.connect(
        poller,
        run,
        new KeeperClient.Listener() {
          @Override
          public void monitorDied(String containerId, KeeperClient.Replacement replaced) {}

          @Override
          public void ended() {}
        });
  }

  ProcessHandle keeper() {
    return keeper;
  }

  /** kill -9, and the end of the process. */
  void killKeeper() throws InterruptedException {
    try (ProcessExit exit = ProcessExit.watch((int) keeper.pid())) {
      keeper.destroyForcibly();
      await("the keeper ends", exit::isOver);
    }
  }

  Path sparse(String name, long size) throws IOException {
    Path file = directory.resolve(name);
    try (var f = new RandomAccessFile(file.toFile(), "rw")) {
      f.setLength(size);
    }
    return file;
  }

  int keeperDescriptors() throws IOException {
    try (Stream<Path> list = Files.list(Path.of("/proc/" + keeper.pid() + "/fd"))) {
      return (int) list.count();
    }
  }

  /** How often the keeper has a file open: once for itself, and for every read that waits. */
  long keeperHas(Path file) {
    try (Stream<Path> list = Files.list(Path.of("/proc/" + keeper.pid() + "/fd"))) {
      return list.filter(descriptor -> pointsTo(descriptor, file)).count();
    } catch (IOException e) {
      return 0; // the condition is looked at again
    }
  }

  private static boolean pointsTo(Path descriptor, Path file) {
    try {
      return Files.readSymbolicLink(descriptor).equals(file);
    } catch (IOException e) {
      return false; // closed meanwhile
    }
  }

  /** The fanotify groups that this process holds. */
  static long groupsHeld() throws IOException {
    try (Stream<Path> list = Files.list(Path.of("/proc/self/fd"))) {
      return list.filter(LazyInstance::isGroup).count();
    }
  }

  private static boolean isGroup(Path descriptor) {
    try {
      return Files.readSymbolicLink(descriptor).toString().contains("fanotify");
    } catch (IOException e) {
      return false; // closed meanwhile
    }
  }

  static void await(String what, BooleanSupplier condition) throws InterruptedException {
    Instant end = Instant.now().plus(PATIENCE);
    while (!condition.getAsBoolean()) {
      if (Instant.now().isAfter(end)) {
        throw new AssertionError("not within " + PATIENCE.toSeconds() + " s: " + what);
      }
      java.util.concurrent.locks.LockSupport.parkNanos(200_000);
    }
  }

  @Override
  public void close() throws IOException {
    try {
      killKeeper();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("cannot end the keeper", e);
    } finally {
      poller.close();
      try (Stream<Path> paths = Files.walk(directory)) {
        for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
          Files.deleteIfExists(path);
        }
      }
    }
  }
}
