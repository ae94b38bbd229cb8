package dev.nacelle.kernel.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.nacelle.base.files.Trees;
import dev.nacelle.kernel.keeper.KeeperClient;
import dev.nacelle.kernel.keeper.LazySupport;
import dev.nacelle.kernel.monitor.MonitorClient;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Keeper and monitor as processes, spoken to well and badly. */
final class CompanionProtocolTest {
  private static final int HELLO = 0x0001;
  private static final int LAZY_OPEN = 0x010c;
  private static final int LAZY_ADD = 0x010d;
  private static final int LAZY_REMOVE = 0x010e;
  private static final int LAZY_SERVE = 0x0111;
  private static final int LAZY_ANSWER = 0x0112;
  private static final int ENOENT = 2;
  private static final int EEXIST = 17;
  private static final int EINVAL = 22;
  private static final int ENODATA = 61;
  private static final int ENOSYS = 38;
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final long SEED = 20_261_122;

  private Path directory;
  private Poller poller;
  private KeeperClient keeper;

  @BeforeEach
  void start() throws Exception {
    Assumptions.assumeTrue(System.getProperty("user.name").equals("root"), "needs root");
    directory = Files.createTempDirectory("companion-test-");
    Files.createDirectories(directory.resolve("run/containers"));
    poller = Poller.open();
    var companions = Companions.extract(directory.resolve("bin"));
    KeeperClient.start(companions, directory.resolve("run"), 1);
    keeper = connect();
  }

  private KeeperClient connect() throws InterruptedException {
    return KeeperClient.connect(
        poller,
        directory.resolve("run"),
        new KeeperClient.Listener() {
          @Override
          public void monitorDied(String containerId, KeeperClient.Replacement replaced) {}

          @Override
          public void ended() {}
        });
  }

  @AfterEach
  void stop() throws Exception {
    if (keeper == null) {
      return;
    }
    ProcessHandle process = ProcessHandle.of(keeper.pid()).orElseThrow();
    keeper.sandboxes().forEach(this::removeSandbox);
    process.destroyForcibly();
    process.onExit().get(20, TimeUnit.SECONDS);
    poller.close();
    Trees.delete(directory);
  }

  private void removeSandbox(String id) {
    try {
      keeper.removeSandbox(id);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private PacketConnection raw(Path socket) {
    return PacketConnection.open(
        poller,
        socket,
        new PacketConnection.Listener() {
          @Override
          public void event(Packet packet) {}

          @Override
          public void ended() {}
        });
  }

  private Path keeperSocket() {
    return directory.resolve("run/keeper.sock");
  }

  private static int errno(
      PacketConnection connection, int type, Packet.Fields fields, OpenFile... files) {
    var refusal =
        catchThrowableOfType(
            CompanionException.class,
            () -> connection.call("try", type, fields, List.of(files), PATIENCE).close());
    return refusal == null ? 0 : refusal.errno();
  }

  @Test
  void anUnknownMessageIsAnsweredWithAnError() {
    try (var connection = raw(keeperSocket())) {
      assertThat(errno(connection, 0x7777, new Packet.Fields())).isEqualTo(ENOSYS);
      assertThat(errno(connection, HELLO, new Packet.Fields().u32(99))).isZero();
    }
  }

  @Test
  void aTruncatedOrOversizedFieldIsRefused() {
    try (var connection = raw(keeperSocket())) {
      assertThat(errno(connection, 0x0101, new Packet.Fields().u32(1_000_000))).isEqualTo(EINVAL);
      assertThat(errno(connection, 0x0105, new Packet.Fields().string("../../etc").u32(0)))
          .isEqualTo(EINVAL);
      assertThat(errno(connection, 0x0105, new Packet.Fields().string("a".repeat(500)).u32(0)))
          .isEqualTo(EINVAL);
    }
  }

  @Test
  void bytesBehindTheKnownFieldsAreIgnored() {
    try (var connection = raw(keeperSocket())) {
      assertThat(errno(connection, 0x0109, new Packet.Fields().u32(1).string("from the future")))
          .isZero();
    }
  }

  @Test
  void theKeeperSurvivesNoise() throws Exception {
    int shutdown = 0x010a;
    var random = new Random(SEED);
    try (var connection = raw(keeperSocket())) {
      for (int i = 0; i < 2_000; i++) {
        int type = random.nextInt(0x0100, 0x0118);
        if (type != shutdown) {
          noise(connection, type, random);
        }
        readAnswers(i, connection);
      }
      assertThat(errno(connection, HELLO, new Packet.Fields().u32(1))).isZero();
    }
    assertThat(connect().pid()).isEqualTo(keeper.pid());
  }

  /** A client that leaves its answers unread is dropped. */
  private static void readAnswers(int i, PacketConnection connection) {
    if (i % 20 == 0) {
      assertThat(errno(connection, HELLO, new Packet.Fields().u32(1))).isZero();
    }
  }

  /**
   * Requests for lazy files with descriptors that are not what they should be, and numbers that are
   * not.
   */
  @Test
  void theKeeperSurvivesNoiseWithDescriptors() throws Exception {
    var random = new Random(SEED);
    Path some = Files.write(directory.resolve("some"), new byte[8192]);
    try (var connection = raw(keeperSocket());
        OpenFile file = OpenFile.open(some);
        OpenFile same = OpenFile.open(some)) {
      for (int i = 0; i < 500; i++) {
        var fields = new Packet.Fields().string("noise-" + random.nextInt(5));
        byte[] payload = new byte[random.nextInt(40)];
        random.nextBytes(payload);
        if (random.nextBoolean()) {
          fields.u64(random.nextInt(100_000)).u32(4096 * random.nextInt(3)).u32(random.nextInt(2));
        } else {
          fields.bytes(payload, 0, payload.length);
        }
        List<OpenFile> files = List.of(file, same).subList(0, random.nextInt(3));
        int type = random.nextInt(0x010c, 0x0113);
        if (type == LAZY_ANSWER) {
          connection.tell("make noise", type, fields);
          continue;
        }
        try {
          connection.call("make noise", type, fields, files, PATIENCE).close();
        } catch (CompanionException e) {
          assertThat(e.isGone()).isFalse();
        }
      }
      for (int i = 0; i < 5; i++) {
        var discard = new Packet.Fields().string("noise-" + i).u32(1);
        assertThat(errno(connection, LAZY_REMOVE, discard)).isZero();
      }
    }
    assertThat(connect().pid()).isEqualTo(keeper.pid());
  }

  @Test
  void whatIsNotAGroupIsNotTakenOverAndAFileNeedsAGroupAndItsMap() throws Exception {
    Path some = Files.write(directory.resolve("some"), new byte[8192]);
    Path map = Files.write(directory.resolve("map"), new byte[4]);
    Path none = Files.write(directory.resolve("none"), new byte[0]);
    var add = new Packet.Fields().string("f").u64(8192).u32(4096).u32(0);
    try (var connection = raw(keeperSocket());
        OpenFile file = OpenFile.open(some);
        OpenFile words = OpenFile.open(map);
        OpenFile empty = OpenFile.open(none)) {
      assertThat(errno(connection, LAZY_OPEN, new Packet.Fields(), file)).isEqualTo(EINVAL);
      assertThat(errno(connection, LAZY_ADD, add, file, words)).isEqualTo(ENOENT);
      assertThat(errno(connection, LAZY_SERVE, new Packet.Fields())).isEqualTo(ENOENT);
      Assumptions.assumeTrue(
          keeper.lazySupport() instanceof LazySupport.Available, "needs pre-content events");
      assertThat(errno(connection, LAZY_OPEN, new Packet.Fields())).isZero();
      assertThat(errno(connection, LAZY_ADD, add, file, empty)).isEqualTo(EINVAL);
      assertThat(errno(connection, LAZY_ADD, add, file)).isEqualTo(EINVAL);
      assertThat(errno(connection, LAZY_ADD, add, file, words)).isZero();
      assertThat(errno(connection, LAZY_ADD, add, file, words)).isEqualTo(EEXIST);
      var remove = new Packet.Fields().string("f");
      assertThat(errno(connection, LAZY_REMOVE, remove.u32(0))).isEqualTo(ENODATA);
      assertThatThrownBy(keeper::shutDown).hasMessageContaining("lazily filled");
      var discard = new Packet.Fields().string("f").u32(1);
      assertThat(errno(connection, LAZY_REMOVE, discard)).isZero();
    }
  }

  /** As version 1 spoke before there were lazy files. */
  @Test
  void aClientOfTheVersionBeforeLazyFilesIsServed() throws Exception {
    try (var connection = raw(keeperSocket())) {
      try (Packet hello = connection.call("greet", HELLO, new Packet.Fields().u32(1), PATIENCE)) {
        assertThat(hello.u32()).isEqualTo(1);
        assertThat(hello.u32()).isEqualTo(keeper.pid());
        assertThat(hello.rest()).hasSizeGreaterThanOrEqualTo(4);
      }
      assertThat(errno(connection, 0x010b, new Packet.Fields().string("nobody"))).isEqualTo(ENOENT);
      startMonitor("old", "/bin/false");
      assertThat(errno(connection, 0x010b, new Packet.Fields().string("old"))).isZero();
    }
  }

  private static void noise(PacketConnection connection, int type, Random random) {
    byte[] payload = new byte[random.nextInt(40)];
    random.nextBytes(payload);
    var fields = new Packet.Fields();
    if (random.nextBoolean()) {
      fields.string("noise-" + random.nextInt(5));
    }
    connection.tell("make noise", type, fields.bytes(payload, 0, payload.length));
  }

  @Test
  void theMonitorSurvivesNoise() throws Exception {
    Set<Integer> life = Set.of(0x0201, 0x0202, 0x0203, 0x0302);
    var random = new Random(SEED);
    MonitorClient monitor = startMonitor("m1", "/bin/false");
    assertThat(monitor.watch().state()).isEqualTo(MonitorClient.State.NEW);
    try (var connection = raw(directory.resolve("run/containers/m1/monitor.sock"))) {
      for (int i = 0; i < 2_000; i++) {
        int type = random.nextInt(0x0200, 0x0210);
        if (!life.contains(type)) {
          noise(connection, type, random);
        }
        readAnswers(i, connection);
      }
      assertThat(errno(connection, HELLO, new Packet.Fields().u32(1))).isZero();
    }
    assertThat(monitor.watch().state()).isEqualTo(MonitorClient.State.NEW);
    assertThatThrownBy(monitor::run)
        .isInstanceOf(CompanionException.class)
        .hasMessageContaining("the runtime said nothing");
    assertThat(directory.resolve("run/containers/m1/exit"))
        .content(StandardCharsets.UTF_8)
        .contains("\"exitCode\":128");
  }

  private MonitorClient startMonitor(String id, String runtime)
      throws IOException, InterruptedException {
    Path at = Files.createDirectories(directory.resolve("run/containers").resolve(id));
    Files.writeString(
        at.resolve("monitor.conf"),
        "runtime="
            + runtime
            + "\0root=/nonexistent\0bundle="
            + at
            + "\0pidfile="
            + at
            + "/pid\0id="
            + id
            + "\0log="
            + at
            + "/0.log\0logmax=100000\0logfiles=2\0");
    return keeper.startMonitor(
        id,
        Set.of(),
        KeeperClient.Begin.WAITING,
        new MonitorClient.Listener() {
          @Override
          public void exited() {}

          @Override
          public void firstOutput(Instant at) {}

          @Override
          public void ended() {}
        });
  }

  @Test
  void aMonitorThatStartedNothingEndsWhenItIsForgotten() throws Exception {
    MonitorClient monitor = startMonitor("m3", "/bin/false");
    assertThat(monitor.watch().state()).isEqualTo(MonitorClient.State.NEW);
    keeper.forgetMonitor("m3");
    Instant end = Instant.now().plus(PATIENCE);
    while (!monitor.isOver()) {
      assertThat(Instant.now()).isBefore(end);
      Thread.onSpinWait();
    }
    assertThat(directory.resolve("run/containers/m3/monitor.sock")).doesNotExist();
  }

  @Test
  void aRuntimeThatCannotBeExecutedIsNamed() throws Exception {
    MonitorClient monitor = startMonitor("m2", "/no/such/runtime");
    assertThatThrownBy(monitor::run).hasMessageContaining("/no/such/runtime");
  }

  @Test
  void sandboxesAreMadeOnceAndListedInOrder() throws Exception {
    var all = Set.of(KeeperClient.Namespace.NETWORK, KeeperClient.Namespace.UTS);
    for (String id : List.of("b", "a", "c")) {
      assertThat(keeper.ensureSandbox(id, all, "host", Map.of()).origin())
          .isEqualTo(KeeperClient.Origin.MADE);
    }
    assertThat(keeper.ensureSandbox("a", all, "host", Map.of()).origin())
        .isEqualTo(KeeperClient.Origin.FOUND);
    assertThat(keeper.sandboxes()).containsExactly("a", "b", "c");
    assertThat(directory.resolve("run/ns/a/net")).exists();
    keeper.removeSandbox("a");
    assertThat(directory.resolve("run/ns/a")).doesNotExist();
    assertThat(keeper.sandboxes()).containsExactly("b", "c");
  }

  @Test
  void theInitProcessOfADeadKeepersSandboxEndsWithIt() throws Exception {
    var shared = Set.of(KeeperClient.Namespace.NETWORK, KeeperClient.Namespace.PID);
    int pid = keeper.ensureSandbox("s", shared, "", Map.of()).initPid();
    ProcessHandle init = ProcessHandle.of(pid).orElseThrow();
    ProcessHandle dead = ProcessHandle.of(keeper.pid()).orElseThrow();
    dead.destroyForcibly();
    dead.onExit().get(20, TimeUnit.SECONDS);
    KeeperClient.start(Companions.extract(directory.resolve("bin")), directory.resolve("run"), 1);
    keeper = connect();
    assertThat(keeper.ensureSandbox("s", shared, "", Map.of()))
        .isEqualTo(new KeeperClient.Made(KeeperClient.Origin.FOUND, pid));
    assertThat(init.isAlive()).isTrue();
    keeper.removeSandbox("s");
    init.onExit().get(20, TimeUnit.SECONDS);
  }

  @Test
  void aRefusedSysctlNamesItselfAndLeavesNothing() throws Exception {
    assertThatThrownBy(
            () ->
                keeper.ensureSandbox(
                    "s", Set.of(KeeperClient.Namespace.NETWORK), "", Map.of("net/no/such", "1")))
        .hasMessageContaining("net/no/such");
    assertThat(keeper.sandboxes()).isEmpty();
    assertThat(directory.resolve("run/ns/s")).doesNotExist();
  }

  @Test
  void aSecondKeeperOfTheSameDirectoryIsRefused() {
    var companions = Companions.extract(directory.resolve("bin"));
    assertThatThrownBy(() -> KeeperClient.start(companions, directory.resolve("run"), 0))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("lock");
  }
}
