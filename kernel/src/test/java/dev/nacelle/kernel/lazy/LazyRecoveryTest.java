package dev.nacelle.kernel.lazy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.nacelle.kernel.keeper.KeeperClient;
import dev.nacelle.kernel.monitor.MonitorClient;
import dev.nacelle.kernel.mount.Erofs;
import dev.nacelle.kernel.mount.Mounts;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * kill -9 of the keeper, of the platform and of both, under readers that check every byte. {@code
 * -Dlazy.kills=N} for more than a few.
 */
final class LazyRecoveryTest {
  private static final int KILLS = Integer.getInteger("lazy.kills", 3);
  private static final int CHUNK = 4096;

  /** Enough chunks that readers never run out of holes before the last kill. */
  private static final long SIZE = (8L + 4L * KILLS) << 20;

  private static final int EVENTS_BETWEEN_KILLS = 60;

  private LazyInstance instance;
  private Path blob;
  private PresenceMap map;
  private final List<Process> processes = new ArrayList<>();
  private final AtomicInteger ends = new AtomicInteger();
  private final AtomicInteger monitorPid = new AtomicInteger();

  @BeforeEach
  void start() throws Exception {
    instance = new LazyInstance();
    blob = instance.sparse("blob", SIZE);
    map = PresenceMap.open(instance.directory.resolve("map"), SIZE, CHUNK);
  }

  @AfterEach
  void stop() throws Exception {
    if (instance == null || map == null) {
      return;
    }
    processes.forEach(Process::destroyForcibly);
    for (Process process : processes) {
      process.waitFor();
    }
    if (monitorPid.get() > 0) {
      endContainer();
    }
    Mounts.detach(instance.directory.resolve("mount"));
    instance.close();
    assertThat(LazyInstance.groupsHeld()).isZero();
  }

  private Process reader(ReaderProcess.Way way, Path file, long seed) throws IOException {
    Process reader = ReaderProcess.start(way, file, seed, 4, CHUNK);
    processes.add(reader);
    return reader;
  }

  /** A reader's whole file was right, whatever happened. */
  private static long errorsOf(Process reader) throws Exception {
    ReaderProcess.Result result = ReaderProcess.result(reader);
    assertThat(result.wrong()).isZero();
    assertThat(result.reads()).isEqualTo(4 * ((SIZE + CHUNK - 1) / CHUNK));
    return result.errors();
  }

  private PreContent open(Filler filler) throws InterruptedException {
    PreContent content =
        PreContent.open(instance.poller, instance.run, filler, ends::incrementAndGet);
    content.add("blob", blob, map);
    return content;
  }

  @Test
  void noByteIsWrongWhenTheKeeperIsKilled() throws Exception {
    var filler = new PatternFiller(Duration.ofMillis(3));
    try (PreContent content = open(filler)) {
      content.serve();
      startContainer(); // the new keeper is brought the group by its monitor and by us
      killKeepersUnder(content, filler, List.of(reader(ReaderProcess.Way.PREAD, blob, 1)));
    }
  }

  /** A dead keeper's event may have a number that the new one uses for something else by then. */
  @Test
  void numbersThatTheNewKeeperUsesItselfAreNotMistaken() throws Exception {
    var filler = new PatternFiller(Duration.ofMillis(3));
    try (PreContent content = open(filler)) {
      Process reader = reader(ReaderProcess.Way.PREAD, blob, 1); // waits: nobody serves
      LazyInstance.await("four readers wait", () -> instance.keeperHas(blob) == 5);
      instance.killKeeper();
      LazyInstance.await("the connection ends", () -> ends.get() == 1);
      instance.startKeeper();
      try (KeeperClient client = instance.client()) {
        for (int i = 0; i < 20; i++) {
          client.ensureSandbox("s" + i, Set.of(KeeperClient.Namespace.UTS), "host", Map.of());
        }
        Recovery recovery = content.reconnect();
        assertThat(recovery.continued()).isEqualTo(4);
        assertThat(recovery.failed()).isZero();
        assertThat(errorsOf(reader)).isZero();
        for (int i = 0; i < 20; i++) {
          client.removeSandbox("s" + i);
        }
      }
    }
  }

  /** With faults of mappings. */
  @Test
  void noByteIsWrongAndNoReadFailsBelowAMountWhenTheKeeperIsKilled() throws Exception {
    Path image = erofs();
    var filler = new PatternFiller(Duration.ofMillis(3));
    try (PreContent content = open(filler)) {
      content.serve();
      Path target = Files.createDirectory(instance.directory.resolve("mount"));
      Erofs.mount(image, blob, target);
      long errors =
          killKeepersUnder(
              content,
              filler,
              List.of(
                  reader(ReaderProcess.Way.PREAD, target.resolve("f"), 1),
                  reader(ReaderProcess.Way.MMAP, target.resolve("f"), 7)));
      assertThat(errors).isZero();
      assertThat(Mounts.unmount(target)).isTrue();
    }
  }

  /** An image whose one file is the pattern; its blob becomes the lazy file. */
  private Path erofs() throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/mkfs.erofs")), "needs erofs-utils");
    Path tree = Files.createDirectory(instance.directory.resolve("tree"));
    try (FileChannel file =
        FileChannel.open(
            tree.resolve("f"), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      for (long at = 0; at < SIZE; at += 1 << 20) {
        file.write(Pattern.bytes(at, 1 << 20));
      }
    }
    Path image = instance.directory.resolve("image");
    Path original = instance.directory.resolve("blob-original");
    Process mkfs =
        new ProcessBuilder(
                "mkfs.erofs",
                "--chunksize=65536",
                "--blobdev=" + original,
                image.toString(),
                tree.toString())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    assertThat(mkfs.waitFor()).isZero();
    // what the blob would hold is the pattern too
    assertThat(Files.mismatch(original, tree.resolve("f"))).isEqualTo(-1);
    return image;
  }

  private long killKeepersUnder(PreContent content, PatternFiller filler, List<Process> readers)
      throws Exception {
    List<Recovery> recoveries = new ArrayList<>();
    List<Long> dead = new ArrayList<>();
    int open = 0;
    for (int i = 0; i < KILLS; i++) {
      int until = filler.calls() + EVENTS_BETWEEN_KILLS;
      LazyInstance.await("readers wait for fills", () -> filler.calls() >= until);
      int round = i + 1;
      long from = System.nanoTime();
      instance.killKeeper();
      LazyInstance.await("the connection ends", () -> ends.get() == round);
      instance.startKeeper();
      Recovery recovery = content.reconnect();
      dead.add((System.nanoTime() - from) / 1_000_000);
      assertThat(recovery.found()).isEqualTo(PreContent.Origin.TAKEN_OVER);
      recoveries.add(recovery);
      if (i == 0) {
        open = descriptors();
      }
      assertThat(descriptors())
          .isLessThanOrEqualTo(open + 8); // the readers' and the JVM's own vary
      assertThat(LazyInstance.groupsHeld()).isEqualTo(1);
    }
    long errors = 0;
    for (Process reader : readers) {
      errors += errorsOf(reader);
    }
    System.out.printf(
        "%d kills of the keeper: %d reads failed of %d fills; dead for %s ms, reconnection %s ms, "
            + "went on with %s reads, failed %s%n",
        KILLS,
        errors,
        filler.stored(),
        dead,
        recoveries.stream().map(r -> r.took().toMillis()).toList(),
        recoveries.stream().map(Recovery::continued).toList(),
        recoveries.stream().map(Recovery::failed).toList());
    return errors;
  }

  private static int descriptors() throws IOException {
    try (var list = Files.list(Path.of("/proc/self/fd"))) {
      return (int) list.count();
    }
  }

  private Process fillerProcess() throws IOException {
    Process filler =
        FillerProcess.start(instance.run, blob, instance.directory.resolve("map"), SIZE, CHUNK);
    processes.add(filler);
    return filler;
  }

  private long present() {
    long count = 0;
    for (long chunk = 0; chunk < map.chunks(); chunk++) {
      count += map.has(chunk) ? 1 : 0;
    }
    return count;
  }

  @Test
  void noByteIsWrongAndNoReadFailsWhenThePlatformIsKilled() throws Exception {
    Process platform = fillerProcess();
    Process reader = reader(ReaderProcess.Way.PREAD, blob, 1);
    for (int i = 0; i < KILLS; i++) {
      long until = present() + EVENTS_BETWEEN_KILLS;
      LazyInstance.await("readers wait for fills", () -> present() >= until);
      platform.destroyForcibly();
      platform.waitFor();
      platform = fillerProcess();
    }
    assertThat(errorsOf(reader)).isZero();
  }

  @Test
  void noByteIsWrongWhenBothAreKilledAndAMonitorHeldTheGroup() throws Exception {
    Process platform = fillerProcess();
    killBothUnder(platform, () -> List.of(reader(ReaderProcess.Way.PREAD, blob, 1)));
  }

  @Test
  void noByteIsWrongAndNoReadFailsBelowAMountWhenBothAreKilled() throws Exception {
    Path image = erofs();
    Process platform = fillerProcess();
    Path target = Files.createDirectory(instance.directory.resolve("mount"));
    Erofs.mount(image, blob, target);
    long errors =
        killBothUnder(
            platform,
            () ->
                List.of(
                    reader(ReaderProcess.Way.PREAD, target.resolve("f"), 1),
                    reader(ReaderProcess.Way.MMAP, target.resolve("f"), 7)));
    assertThat(errors).isZero();
    assertThat(Mounts.unmount(target)).isTrue();
  }

  private long killBothUnder(Process first, Callable<List<Process>> start) throws Exception {
    Process platform = first;
    startContainer();
    List<Process> readers = start.call();
    List<Long> dead = new ArrayList<>();
    for (int i = 0; i < KILLS; i++) {
      long until = present() + EVENTS_BETWEEN_KILLS;
      LazyInstance.await("readers wait for fills", () -> present() >= until);
      long from = System.nanoTime();
      platform.destroyForcibly();
      instance.killKeeper();
      platform.waitFor();
      instance.startKeeper();
      platform = fillerProcess();
      dead.add((System.nanoTime() - from) / 1_000_000);
    }
    long errors = 0;
    for (Process reader : readers) {
      errors += errorsOf(reader);
    }
    System.out.printf(
        "%d kills of keeper and platform: %d reads failed; dead for %s ms, a JVM's start included%n",
        KILLS, errors, dead);
    return errors;
  }

  /** A container by a runtime that is a shell script: its monitor holds the group. */
  private void startContainer() throws Exception {
    Path runtime = instance.directory.resolve("runtime");
    Files.writeString(
        runtime,
        """
        #!/bin/sh
        while [ "$1" != --pid-file ]; do shift; done
        sleep 600 </dev/null >/dev/null 2>&1 &
        echo $! > "$2"
        """);
    Files.setPosixFilePermissions(runtime, PosixFilePermissions.fromString("rwx------"));
    Path at = Files.createDirectories(instance.run.resolve("containers/c"));
    Files.writeString(
        at.resolve("monitor.conf"),
        ("runtime=%s\0root=/nonexistent\0bundle=%s\0pidfile=%s/pid\0id=c\0log=%s/0.log\0"
                + "logmax=100000\0logfiles=2\0")
            .formatted(runtime, at, at, at));
    try (KeeperClient client = instance.client();
        MonitorClient monitor =
            client.startMonitor(
                "c",
                Set.of(),
                KeeperClient.Begin.RUNNING,
                KeeperClient.LazyGroup.HELD,
                new MonitorClient.Listener() {
                  @Override
                  public void exited() {}

                  @Override
                  public void firstOutput(Instant at) {}

                  @Override
                  public void ended() {}
                })) {
      monitor.run();
    }
    monitorPid.set(Integer.parseInt(Files.readString(at.resolve("pid")).strip()));
  }

  private void endContainer() throws Exception {
    ProcessHandle.of(monitorPid.get()).ifPresent(ProcessHandle::destroyForcibly);
    Path exit = instance.run.resolve("containers/c/exit");
    LazyInstance.await("the container ends", () -> Files.exists(exit));
    Path socket = instance.run.resolve("containers/c/monitor.sock");
    LazyInstance.await("its monitor ends", () -> !Files.exists(socket));
  }
}
