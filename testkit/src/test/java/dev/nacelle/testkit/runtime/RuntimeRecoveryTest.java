package dev.nacelle.testkit.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.runtime.ContainerSpec;
import dev.nacelle.runtime.ContainerStatus;
import dev.nacelle.runtime.RuntimeEvent;
import dev.nacelle.runtime.Stdio;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The platform, a monitor, the keeper or several of them die; containers and their logs do not. */
final class RuntimeRecoveryTest {
  private static final String COUNT =
      "trap 'exit 11' TERM; i=0; while true; do i=$((i+1)); echo $i; usleep 1000; done";
  private static final int MONITOR_KILLS = Integer.getInteger("nacelle.monitor.kills", 3);
  private RuntimeFixture fixture;
  private RuntimeRig rig;

  @BeforeEach
  void open() throws Exception {
    RuntimeFixture.assume();
    fixture = new RuntimeFixture();
    rig = fixture.rig(Set.of());
  }

  @AfterEach
  void close() throws Exception {
    if (fixture != null) {
      fixture.close();
    }
  }

  @Test
  void aNewPlatformAdoptsWhatRuns() throws Exception {
    ContainerSpec spec = startCounting();
    var before = fixture.runtime().container(spec.id()).orElseThrow();
    fixture.reopen();
    rig = rig.through(fixture.runtime());
    var after = fixture.runtime().container(spec.id()).orElseThrow();
    assertThat(after).isEqualTo(before);
    assertThat(fixture.runtime().sandbox(rig.sandbox()).orElseThrow().labels())
        .containsEntry("pod", rig.sandbox());
    waitForMore(spec.id());
    stopAndCheckCount(spec.id(), 11);
  }

  @Test
  void exitsDuringTheAbsenceOfThePlatformAreReported() throws Exception {
    ContainerSpec spec =
        rig.shell("while [ ! -e /tmp/end ]; do usleep 10000; done; exit 5").build();
    fixture.runtime().runContainer(spec);
    fixture.closeRuntime();
    Path end = spec.rootFilesystem().resolve("tmp/end");
    Files.createFile(end);
    RuntimeRig.eventually(
        () -> Files.exists(fixture.run().resolve("containers/" + spec.id() + "/exit")), "the exit");
    fixture.reopen();
    var exit = fixture.runtime().container(spec.id()).orElseThrow().exit().orElseThrow();
    assertThat(exit.code()).isEqualTo(5);
    Files.delete(end);
  }

  @Test
  void aDeadMonitorIsReplacedWithoutAGapInTheLog() throws Exception {
    ContainerSpec spec = startCounting();
    int pid = fixture.runtime().container(spec.id()).orElseThrow().pid().orElseThrow();
    try (var events = fixture.runtime().events()) {
      for (int i = 0; i < MONITOR_KILLS; i++) {
        kill(monitorOf(spec.id()));
        var event = RuntimeRig.await(events, RuntimeEvent.MonitorReplaced.class);
        assertThat(event.containerId()).isEqualTo(spec.id());
        waitForMore(spec.id());
      }
      assertThat(fixture.runtime().container(spec.id()).orElseThrow().pid()).hasValue(pid);
    }
    RuntimeRig.eventually(
        () ->
            fixture
                    .runtime()
                    .execSync(spec.id(), List.of("true"), Duration.ofSeconds(10), 10)
                    .exitCode()
                == 0,
        "exec through the new monitor");
    stopAndCheckCount(spec.id(), 11);
  }

  @Test
  void aTerminalOutlivesItsMonitor() throws Exception {
    ContainerSpec spec =
        rig.shell("while read x; do echo got $x; done")
            .stdio(Set.of(Stdio.TTY, Stdio.STDIN))
            .build();
    fixture.runtime().runContainer(spec);
    try (var events = fixture.runtime().events()) {
      kill(monitorOf(spec.id()));
      RuntimeRig.await(events, RuntimeEvent.MonitorReplaced.class);
    }
    RuntimeRig.eventually(() -> types(spec.id(), "again\n"), "a terminal that can be attached");
    rig.waitForOutput(spec.id(), "got again");
  }

  private boolean types(String id, String text) {
    try (var session = fixture.runtime().attach(id)) {
      session.stdin().write(text.getBytes(StandardCharsets.UTF_8));
      return true;
    } catch (IOException | RuntimeException e) {
      return false;
    }
  }

  @Test
  void aDeadKeeperIsReplacedAndSandboxesStay() throws Exception {
    ContainerSpec spec = startCounting();
    String namespace = fixture.runtime().sandbox(rig.sandbox()).toString();
    String address = networkOf(rig.sandbox());
    try (var events = fixture.runtime().events()) {
      kill(keeper());
      RuntimeRig.await(events, RuntimeEvent.KeeperReplaced.class);
    }
    waitForMore(spec.id());
    assertThat(fixture.runtime().sandbox(rig.sandbox())).hasToString(namespace);
    assertThat(networkOf(rig.sandbox())).isEqualTo(address);
    ContainerSpec another = rig.shell("ls -l /proc/self/ns/net | awk '{print $NF}'").build();
    assertThat(rig.run(another).code()).isZero();
    assertThat(rig.output(another.id())).contains(address);
    stopAndCheckCount(spec.id(), 11);
  }

  @Test
  void aMonitorThatDiesAfterItsKeeperIsReplacedByTheNextKeeper() throws Exception {
    ContainerSpec spec = startCounting();
    try (var events = fixture.runtime().events()) {
      kill(keeper());
      RuntimeRig.await(events, RuntimeEvent.KeeperReplaced.class);
      kill(monitorOf(spec.id()));
      RuntimeRig.await(events, RuntimeEvent.MonitorReplaced.class);
    }
    waitForMore(spec.id());
    stopAndCheckCount(spec.id(), 11);
  }

  @Test
  void keeperAndMonitorDyingTogetherLoseNoContainerAndNoExitCode() throws Exception {
    ContainerSpec spec = startCounting();
    int pid = fixture.runtime().container(spec.id()).orElseThrow().pid().orElseThrow();
    ProcessHandle monitor = monitorOf(spec.id());
    try (var events = fixture.runtime().events()) {
      kill(keeper());
      kill(monitor);
      RuntimeRig.await(events, RuntimeEvent.KeeperReplaced.class);
    }
    waitForMore(spec.id());
    assertThat(fixture.runtime().container(spec.id()).orElseThrow().pid()).hasValue(pid);
    assertThat(stop(spec.id()).code()).isEqualTo(11);
  }

  @Test
  void theExitOfAContainerWithoutAMonitorIsReported() throws Exception {
    ContainerSpec spec = startCounting();
    int pid = fixture.runtime().container(spec.id()).orElseThrow().pid().orElseThrow();
    kill(monitorOf(spec.id()));
    kill(ProcessHandle.of(pid).orElseThrow());
    assertThat(rig.exit(spec.id()).code()).isEqualTo(137);
  }

  @Test
  void aMonitorKilledDuringTheStartNeverHangsTheCaller() throws Exception {
    for (int i = 0; i < 5; i++) {
      ContainerSpec spec = rig.shell("exit 3").build();
      var killer =
          Thread.ofVirtual()
              .start(
                  () -> {
                    RuntimeRig.eventually(
                        () ->
                            RuntimeRig.monitor(spec.id()).isPresent()
                                || fixture
                                    .runtime()
                                    .container(spec.id())
                                    .flatMap(ContainerStatus::exit)
                                    .isPresent(),
                        "a monitor");
                    RuntimeRig.monitor(spec.id()).ifPresent(ProcessHandle::destroyForcibly);
                  });
      try {
        fixture.runtime().runContainer(spec);
      } catch (RuntimeException e) {
        assertThat(e).hasMessageContaining(spec.id());
      }
      killer.join();
      // it ends, or it never started and a repeated call starts it
      RuntimeRig.eventually(() -> endsOrStarts(spec), "the end of " + spec.id());
    }
  }

  private boolean endsOrStarts(ContainerSpec spec) {
    try {
      return fixture.runtime().runContainer(spec).exit().isPresent();
    } catch (RuntimeException e) {
      return false;
    }
  }

  @Test
  void aCreatedContainerWaitsForItsStartThroughTheDeathOfItsMonitor() throws Exception {
    ContainerSpec spec = rig.shell("echo begun; exit 9").build();
    fixture.runtime().createContainer(spec);
    try (var events = fixture.runtime().events()) {
      kill(monitorOf(spec.id()));
      RuntimeRig.await(events, RuntimeEvent.MonitorReplaced.class);
    }
    RuntimeRig.eventually(() -> starts(spec.id()), "the start of " + spec.id());
    assertThat(rig.exit(spec.id()).code()).isEqualTo(9);
    assertThat(rig.output(spec.id())).isEqualTo("begun\n");
  }

  @Test
  void aCreatedContainerWaitsForItsStartThroughTheDeathOfKeeperAndMonitor() throws Exception {
    ContainerSpec spec = rig.shell("exit 9").build();
    fixture.runtime().createContainer(spec);
    ProcessHandle monitor = monitorOf(spec.id());
    try (var events = fixture.runtime().events()) {
      kill(keeper());
      kill(monitor);
      RuntimeRig.await(events, RuntimeEvent.KeeperReplaced.class);
    }
    RuntimeRig.eventually(() -> starts(spec.id()), "the start of " + spec.id());
    assertThat(rig.exit(spec.id()).code()).isEqualTo(9);
  }

  private boolean starts(String id) {
    try {
      return fixture.runtime().startContainer(id).state() != ContainerStatus.State.CREATED;
    } catch (RuntimeException e) {
      return false;
    }
  }

  @Test
  void theKeeperIsUpgradedInPlace() throws Exception {
    ContainerSpec spec = startCounting();
    ProcessHandle keeper = keeper();
    String address = networkOf(rig.sandbox());
    fixture.closeRuntime();
    // a program of another name, as another version has
    Path other = fixture.bin().resolve("keeper-other");
    Path own = Path.of("/proc/" + keeper.pid() + "/exe").toRealPath();
    Files.copy(own, other);
    upgrade(other);
    assertThat(Files.readSymbolicLink(Path.of("/proc/" + keeper.pid() + "/exe"))).isEqualTo(other);
    fixture.reopen();
    rig = rig.through(fixture.runtime());
    assertThat(keeper().pid()).isEqualTo(keeper.pid());
    assertThat(Files.readSymbolicLink(Path.of("/proc/" + keeper.pid() + "/exe"))).isEqualTo(own);
    assertThat(networkOf(rig.sandbox())).isEqualTo(address);
    waitForMore(spec.id());
    try (var events = fixture.runtime().events()) {
      kill(monitorOf(spec.id()));
      RuntimeRig.await(events, RuntimeEvent.MonitorReplaced.class);
    }
    waitForMore(spec.id());
    stopAndCheckCount(spec.id(), 11);
  }

  private void upgrade(Path program) throws Exception {
    try (var poller = dev.nacelle.kernel.process.Poller.open()) {
      var client =
          dev.nacelle.kernel.keeper.KeeperClient.connect(
              poller,
              fixture.run(),
              new dev.nacelle.kernel.keeper.KeeperClient.Listener() {
                @Override
                public void monitorDied(
                    String containerId,
                    dev.nacelle.kernel.keeper.KeeperClient.Replacement replacement) {}

                @Override
                public void ended() {}
              });
      client.upgrade(
          new dev.nacelle.kernel.process.Companions(
              program,
              Path.of("/proc/" + client.pid() + "/exe")
                  .toRealPath()
                  .resolveSibling(monitorName())));
      RuntimeRig.eventually(client::isOver, "the end of the old connection");
    }
  }

  private String monitorName() throws IOException {
    try (var files = Files.list(fixture.bin())) {
      return files
          .map(path -> path.getFileName().toString())
          .filter(name -> name.startsWith("monitor-"))
          .findFirst()
          .orElseThrow();
    }
  }

  // --- what the tests share ---

  private ContainerSpec startCounting() {
    ContainerSpec spec = rig.shell(COUNT).build();
    fixture.runtime().runContainer(spec);
    rig.waitForOutput(spec.id(), "1\n");
    return spec;
  }

  private void waitForMore(String id) {
    int lines = rig.log(id).size();
    RuntimeRig.eventually(() -> rig.log(id).size() > lines + 20, "more output of " + id);
  }

  private ContainerStatus.Exit stop(String id) {
    return fixture
        .runtime()
        .stopContainer(id, Duration.ofSeconds(20), 15)
        .flatMap(ContainerStatus::exit)
        .orElseThrow();
  }

  /** Stops the counting container: its log has every number once. */
  private void stopAndCheckCount(String id, int code) {
    assertThat(stop(id).code()).isEqualTo(code);
    String[] lines = rig.output(id).split("\n");
    for (int i = 0; i < lines.length; i++) {
      assertThat(lines[i]).as("line " + (i + 1)).isEqualTo(Integer.toString(i + 1));
    }
  }

  private String networkOf(String sandbox) throws IOException, InterruptedException {
    Path pin = fixture.runtime().sandbox(sandbox).orElseThrow().networkNamespace().orElseThrow();
    return "net:[" + Files.readAttributes(pin, "unix:ino").get("ino") + "]";
  }

  private ProcessHandle keeper() {
    return ProcessHandle.allProcesses()
        .filter(
            process ->
                RuntimeRig.command(process).contains("/keeper")
                    || RuntimeRig.command(process).startsWith("keeper"))
        .filter(process -> holdsOurDirectory(process))
        .findFirst()
        .orElseThrow();
  }

  private boolean holdsOurDirectory(ProcessHandle process) {
    try (var fds = Files.list(Path.of("/proc/" + process.pid() + "/fd"))) {
      return fds.anyMatch(fd -> linksTo(fd, fixture.run()));
    } catch (IOException e) {
      return false;
    }
  }

  private static boolean linksTo(Path link, Path target) {
    try {
      return Files.readSymbolicLink(link).equals(target);
    } catch (IOException e) {
      return false;
    }
  }

  private ProcessHandle monitorOf(String id) {
    RuntimeRig.eventually(() -> RuntimeRig.monitor(id).isPresent(), "a monitor of " + id);
    return RuntimeRig.monitor(id).orElseThrow();
  }

  private static void kill(ProcessHandle process) {
    assertThat(process.destroyForcibly()).isTrue();
    RuntimeRig.eventually(() -> !process.isAlive(), "the end of process " + process.pid());
  }
}
