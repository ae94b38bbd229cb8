package dev.nacelle.testkit.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nacelle.runtime.ContainerRuntime;
import dev.nacelle.runtime.ContainerRuntimeException;
import dev.nacelle.runtime.ContainerSpec;
import dev.nacelle.runtime.ContainerStatus;
import dev.nacelle.runtime.ContainerStatus.ExitReason;
import dev.nacelle.runtime.ExecRequest;
import dev.nacelle.runtime.ExecResult;
import dev.nacelle.runtime.LogFile;
import dev.nacelle.runtime.Mount;
import dev.nacelle.runtime.ProcessUser;
import dev.nacelle.runtime.Resources;
import dev.nacelle.runtime.RuntimeEvent;
import dev.nacelle.runtime.SandboxSpec;
import dev.nacelle.runtime.SandboxStatus;
import dev.nacelle.runtime.Stdio;
import dev.nacelle.runtime.TerminalSize;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;

/** What every {@link ContainerRuntime} promises. Needs root and busybox-static. */
public abstract class ContainerRuntimeContract {
  private static final int SIGTERM = 15;
  private static final String FOR_EVER = "while true; do sleep 1; done";

  /** The runtime under test. */
  protected abstract ContainerRuntime runtime();

  /** A fresh sandbox in it. */
  protected abstract RuntimeRig rig();

  /** Makes another sandbox, removed after the test. */
  protected abstract RuntimeRig rig(Set<SandboxSpec.Option> options);

  @Test
  void aContainerRunsAndItsOutputIsLoggedInTheCriFormat() {
    var rig = rig();
    ContainerSpec spec = rig.shell("echo out; echo err >&2; printf rest").build();
    var exit = rig.run(spec);
    assertThat(exit.code()).isZero();
    assertThat(exit.reason()).isEqualTo(ExitReason.COMPLETED);
    String time = "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{9}Z";
    assertThat(rig.log(spec.id()))
        .anyMatch(line -> line.matches(time + " stdout F out"))
        .anyMatch(line -> line.matches(time + " stderr F err"))
        .anyMatch(line -> line.matches(time + " stdout P rest"));
    ContainerStatus status = runtime().container(spec.id()).orElseThrow();
    assertThat(status.state()).isEqualTo(ContainerStatus.State.EXITED);
    assertThat(status.startedAt()).isPresent();
    assertThat(status.firstOutputAt()).isPresent();
    assertThat(exit.finishedAt()).isAfterOrEqualTo(status.startedAt().orElseThrow());
  }

  @Test
  void exitCodesAreReported() {
    var rig = rig();
    var exit = rig.run(rig.shell("exit 42").build());
    assertThat(exit.code()).isEqualTo(42);
    assertThat(exit.reason()).isEqualTo(ExitReason.ERROR);
    assertThat(exit.signal()).isEmpty();
  }

  @Test
  void createdContainersWaitForTheStart() {
    var rig = rig();
    ContainerSpec spec = rig.shell("echo started").build();
    assertThat(runtime().createContainer(spec).state()).isEqualTo(ContainerStatus.State.CREATED);
    assertThat(runtime().createContainer(spec).state()).isEqualTo(ContainerStatus.State.CREATED);
    assertThat(rig.output(spec.id())).isEmpty();
    runtime().startContainer(spec.id());
    assertThat(rig.exit(spec.id()).code()).isZero();
    assertThat(rig.output(spec.id())).isEqualTo("started\n");
    assertThat(runtime().startContainer(spec.id()).state()).isEqualTo(ContainerStatus.State.EXITED);
  }

  @Test
  void aMissingCommandFailsTheStartWithItsName() {
    var rig = rig();
    ContainerSpec spec = rig.spec("/no/such/command").build();
    assertThatThrownBy(() -> runtime().runContainer(spec))
        .isInstanceOfSatisfying(
            ContainerRuntimeException.class,
            e -> assertThat(e.reason()).isEqualTo(ContainerRuntimeException.Reason.START_FAILED))
        .hasMessageContaining("/no/such/command");
    var exit = rig.exit(spec.id());
    assertThat(exit.code()).isEqualTo(128);
    assertThat(exit.reason()).isEqualTo(ExitReason.START_ERROR);
  }

  @Test
  void stopSendsTheSignalAndReportsTheCodeOfTheHandler() {
    var rig = rig();
    ContainerSpec spec = rig.shell("trap 'exit 7' TERM; echo ready; " + FOR_EVER).build();
    runtime().runContainer(spec);
    rig.waitForOutput(spec.id(), "ready");
    var status = runtime().stopContainer(spec.id(), Duration.ofSeconds(30), SIGTERM).orElseThrow();
    assertThat(status.exit().orElseThrow().code()).isEqualTo(7);
  }

  @Test
  void stopKillsAfterTheGrace() {
    var rig = rig();
    ContainerSpec spec = rig.shell("trap '' TERM; echo ready; " + FOR_EVER).build();
    runtime().runContainer(spec);
    rig.waitForOutput(spec.id(), "ready");
    var status = runtime().stopContainer(spec.id(), Duration.ofMillis(200), SIGTERM).orElseThrow();
    assertThat(status.exit().orElseThrow().code()).isEqualTo(137);
    assertThat(status.exit().orElseThrow().signal()).isEqualTo(OptionalInt.of(9));
    assertThat(runtime().stopContainer(spec.id(), Duration.ZERO, SIGTERM)).isPresent();
    assertThat(runtime().stopContainer("unknown", Duration.ZERO, SIGTERM)).isEmpty();
  }

  @Test
  void environmentDirectoryAndUserAreAsSpecified() {
    var rig = rig();
    ContainerSpec spec =
        rig.shell("pwd; id -u; id -G; echo $GREETING; hostname")
            .env(Map.of("PATH", "/bin", "GREETING", "good day"))
            .cwd("/work")
            .user(new ProcessUser(1000, 1000, List.of(2000L)))
            .build();
    assertThat(rig.run(spec).code()).isZero();
    assertThat(rig.output(spec.id()).lines())
        .containsExactly("/work", "1000", "1000 2000", "good day", "pod-host");
  }

  @Test
  void aReadOnlyRootRefusesWritesAndAVolumeTakesThem() throws IOException {
    var rig = rig();
    Path volume = Files.createTempDirectory("runtime-volume");
    try {
      ContainerSpec spec =
          rig.shell("touch /x || echo refused; echo data > /vol/file; touch /ro/x || echo also")
              .readOnlyRoot()
              .mounts(
                  List.of(
                      new Mount.Bind(volume, "/vol", Set.of(), Mount.Propagation.NONE),
                      new Mount.Bind(
                          volume, "/ro", Set.of(Mount.Option.READ_ONLY), Mount.Propagation.NONE)))
              .build();
      // the mount points must be there: a runtime cannot make them on a read-only root
      Files.createDirectories(spec.rootFilesystem().resolve("vol"));
      Files.createDirectories(spec.rootFilesystem().resolve("ro"));
      assertThat(rig.run(spec).code()).isZero();
      assertThat(rig.output(spec.id())).contains("refused").contains("also");
      assertThat(volume.resolve("file")).hasContent("data\n");
    } finally {
      Files.deleteIfExists(volume.resolve("file"));
      Files.deleteIfExists(volume);
    }
  }

  @Test
  void mountsPassBetweenHostAndContainerAsTheVolumeSays() throws Exception {
    var rig = rig();
    Path volume = Files.createTempDirectory("runtime-shared");
    try {
      command("mount", "-t", "tmpfs", "volume", volume.toString());
      command("mount", "--make-shared", volume.toString());
      for (String name : List.of("up", "down", "late")) {
        Files.createDirectory(volume.resolve(name));
      }
      ContainerSpec spec =
          rig.shell(
                  "mount -t tmpfs up /both/up && touch /both/up/here;"
                      + " mount -t tmpfs down /slave/down && touch /slave/down/here;"
                      + " echo mounted; while [ ! -e /slave/late/here ]; do usleep 10000; done;"
                      + " ls /both/late /apart/late; echo seen")
              .privileged()
              .capabilities(Set.of("CAP_SYS_ADMIN", "CAP_DAC_OVERRIDE"))
              .mounts(
                  List.of(
                      bind(volume, "/both", Mount.Propagation.BIDIRECTIONAL),
                      bind(volume, "/slave", Mount.Propagation.HOST_TO_CONTAINER),
                      bind(volume, "/apart", Mount.Propagation.NONE)))
              .build();
      runtime().runContainer(spec);
      rig.waitForOutput(spec.id(), "mounted");
      assertThat(volume.resolve("up/here")).exists();
      assertThat(volume.resolve("down")).isEmptyDirectory();
      command("mount", "-t", "tmpfs", "late", volume.resolve("late").toString());
      Files.createFile(volume.resolve("late/here"));
      assertThat(rig.exit(spec.id()).code()).isZero();
      assertThat(rig.output(spec.id()).lines())
          .containsExactly("mounted", "/apart/late:", "", "/both/late:", "here", "seen");
    } finally {
      command("umount", "-R", volume.toString());
      Files.delete(volume);
    }
  }

  private static Mount bind(Path source, String target, Mount.Propagation propagation) {
    return new Mount.Bind(source, target, Set.of(Mount.Option.RECURSIVE), propagation);
  }

  private static void command(String... words) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
    byte[] said = process.getInputStream().readAllBytes();
    assertThat(process.waitFor()).as(new String(said, StandardCharsets.UTF_8)).isZero();
  }

  @Test
  void longLinesAreLoggedInParts() {
    var rig = rig();
    ContainerSpec spec =
        rig.shell("yes a | head -n 20000 | awk '{printf \"%s\", $1}'; echo").build();
    assertThat(rig.run(spec).code()).isZero();
    assertThat(rig.output(spec.id())).isEqualTo("a".repeat(20_000) + "\n");
    assertThat(rig.log(spec.id()).getFirst()).contains(" stdout P ").hasSize(16_384 + 40);
    assertThat(rig.log(spec.id()).getLast()).contains(" stdout F ");
  }

  @Test
  void noLineIsLostInAFlood() {
    var rig = rig();
    ContainerSpec spec = rig.shell("seq 1 100000").build();
    assertThat(rig.run(spec).code()).isZero();
    String[] lines = rig.output(spec.id()).split("\n");
    assertThat(lines).hasSize(100_000);
    for (int i = 0; i < lines.length; i++) {
      assertThat(lines[i]).isEqualTo(Integer.toString(i + 1));
    }
  }

  @Test
  void logsRotateBySize() {
    var rig = rig();
    ContainerSpec plain = rig.shell("seq 1 20000").build();
    ContainerSpec spec =
        ContainerSpec.builder(
                plain.id(),
                plain.sandboxId(),
                plain.rootFilesystem(),
                plain.args(),
                new LogFile(plain.log().path(), 65_536, 3))
            .env(plain.env())
            .build();
    rig.run(spec);
    assertThat(spec.log().path().resolveSibling("0.log.1")).exists();
    assertThat(spec.log().path().resolveSibling("0.log.2")).exists();
    assertThat(spec.log().path().resolveSibling("0.log.3")).doesNotExist();
  }

  @Test
  void aRenamedLogIsReopened() throws IOException {
    var rig = rig();
    ContainerSpec spec =
        rig.shell("echo one; while [ ! -e /tmp/go-" + "x ]; do sleep 0.05; done; echo two").build();
    runtime().runContainer(spec);
    rig.waitForOutput(spec.id(), "one");
    Path log = spec.log().path();
    Files.move(log, log.resolveSibling("old.log"));
    runtime().reopenLog(spec.id());
    runtime().execSync(spec.id(), List.of("touch", "/tmp/go-x"), Duration.ofSeconds(10), 100);
    rig.exit(spec.id());
    assertThat(rig.output(spec.id())).isEqualTo("two\n");
    Files.deleteIfExists(spec.rootFilesystem().resolve("tmp/go-x"));
  }

  @Test
  void execSyncReturnsOutputAndCode() {
    var rig = rig();
    ContainerSpec spec = rig.shell(FOR_EVER).env(Map.of("PATH", "/bin", "KEY", "value")).build();
    runtime().runContainer(spec);
    ExecResult result =
        runtime()
            .execSync(
                spec.id(),
                List.of("sh", "-c", "echo $KEY; echo bad >&2; id -u; exit 3"),
                Duration.ofSeconds(10),
                1_000);
    assertThat(result.outcome()).isEqualTo(ExecResult.Outcome.FINISHED);
    assertThat(result.exitCode()).isEqualTo(3);
    assertThat(result.stdout().toUtf8()).isEqualTo("value\n0\n");
    assertThat(result.stderr().toUtf8()).isEqualTo("bad\n");
    assertThat(
            runtime()
                .execSync(spec.id(), List.of("seq", "1", "100000"), Duration.ofSeconds(10), 10)
                .stdout()
                .sizeBytes())
        .isEqualTo(10);
  }

  /** A command may have ended before whoever made it goes on: its end must not be missed. */
  @Test
  void ofManyShortCommandsAtOnceEachOneEnds() throws InterruptedException {
    var rig = rig();
    ContainerSpec spec = rig.shell(FOR_EVER).build();
    runtime().runContainer(spec);
    var outcomes = new ConcurrentLinkedQueue<ExecResult.Outcome>();
    var threads = new ArrayList<Thread>();
    for (int i = 0; i < 8; i++) {
      threads.add(
          Thread.startVirtualThread(
              () -> {
                for (int n = 0; n < 25; n++) {
                  outcomes.add(
                      runtime()
                          .execSync(spec.id(), List.of("true"), Duration.ofSeconds(30), 10)
                          .outcome());
                }
              }));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(outcomes).hasSize(200).containsOnly(ExecResult.Outcome.FINISHED);
  }

  @Test
  void execSyncEndsAtTheTimeout() {
    var rig = rig();
    ContainerSpec spec = rig.shell(FOR_EVER).build();
    runtime().runContainer(spec);
    ExecResult result =
        runtime()
            .execSync(
                spec.id(),
                List.of("sh", "-c", "echo begun; sleep 1000"),
                Duration.ofMillis(300),
                1_000);
    assertThat(result.outcome()).isEqualTo(ExecResult.Outcome.TIMED_OUT);
    assertThat(result.stdout().toUtf8()).isEqualTo("begun\n");
    RuntimeRig.eventually(
        () ->
            !runtime()
                .execSync(spec.id(), List.of("ps"), Duration.ofSeconds(10), 10_000)
                .stdout()
                .toUtf8()
                .contains("sleep 1000"),
        "the end of the command that timed out");
  }

  @Test
  void execOfAMissingCommandSaysSo() {
    var rig = rig();
    ContainerSpec spec = rig.shell(FOR_EVER).build();
    runtime().runContainer(spec);
    assertThatThrownBy(
            () ->
                runtime().execSync(spec.id(), List.of("nothing-here"), Duration.ofSeconds(10), 100))
        .isInstanceOfSatisfying(
            ContainerRuntimeException.class,
            e -> assertThat(e.reason()).isEqualTo(ContainerRuntimeException.Reason.START_FAILED))
        .hasMessageContaining("nothing-here");
  }

  @Test
  void execInTheUsersIdentityIsConfinedAsTheContainer() {
    var rig = rig();
    ContainerSpec spec =
        rig.shell(FOR_EVER)
            .user(new ProcessUser(1000, 1000, List.of()))
            .cwd("/work")
            .noNewPrivileges()
            .capabilities(Set.of("CAP_CHOWN"))
            .build();
    runtime().runContainer(spec);
    ExecResult result =
        runtime()
            .execSync(
                spec.id(),
                List.of(
                    "sh", "-c", "id -u; pwd; grep -E 'CapBnd|CapEff|NoNewPrivs' /proc/self/status"),
                Duration.ofSeconds(10),
                1_000);
    assertThat(result.stdout().toUtf8().lines())
        .containsExactly(
            "1000",
            "/work",
            "CapEff:\t0000000000000000",
            "CapBnd:\t0000000000000001",
            "NoNewPrivs:\t1");
  }

  @Test
  void execPassesInputAndItsEnd() throws Exception {
    var rig = rig();
    ContainerSpec spec = rig.shell(FOR_EVER).build();
    runtime().runContainer(spec);
    try (var session =
        runtime().exec(spec.id(), ExecRequest.of(List.of("cat"), Set.of(Stdio.STDIN)))) {
      byte[] text = "x".repeat(300_000).getBytes(StandardCharsets.UTF_8);
      var writer =
          Thread.ofVirtual()
              .start(
                  () -> {
                    try (var in = session.stdin()) {
                      in.write(text);
                    } catch (IOException e) {
                      throw new AssertionError(e);
                    }
                  });
      assertThat(session.stdout().readAllBytes()).isEqualTo(text);
      writer.join();
      assertThat(session.waitForExit()).isZero();
    }
  }

  @Test
  void execWithATerminalHasASize() throws Exception {
    var rig = rig();
    ContainerSpec spec = rig.shell(FOR_EVER).build();
    runtime().runContainer(spec);
    var request =
        new ExecRequest(
            List.of("sh", "-c", "stty size; read x; stty size; echo got $x"),
            Set.of(Stdio.TTY, Stdio.STDIN),
            Optional.of(new TerminalSize(100, 30)));
    try (var session = runtime().exec(spec.id(), request)) {
      InputStream out = session.stdout();
      assertThat(readUntil(out, "30 100\r\n")).contains("30 100");
      session.resize(new TerminalSize(120, 40));
      session.stdin().write("word\n".getBytes(StandardCharsets.UTF_8));
      assertThat(readUntil(out, "got word")).contains("40 120").contains("got word");
      assertThat(session.waitForExit()).isZero();
    }
  }

  @Test
  void aTerminalContainerCanBeAttachedAndResized() throws Exception {
    var rig = rig();
    ContainerSpec spec =
        rig.shell("read x; echo hello $x; read y; stty size; exit 5")
            .stdio(Set.of(Stdio.TTY, Stdio.STDIN))
            .build();
    runtime().runContainer(spec);
    try (var session = runtime().attach(spec.id())) {
      session.stdin().write("you\n".getBytes(StandardCharsets.UTF_8));
      assertThat(readUntil(session.stdout(), "hello you")).contains("hello you");
      runtime().resizeTerminal(spec.id(), new TerminalSize(90, 20));
      session.stdin().write("go\n".getBytes(StandardCharsets.UTF_8));
      assertThat(readUntil(session.stdout(), "20 90")).contains("20 90");
    }
    assertThat(rig.exit(spec.id()).code()).isEqualTo(5);
    assertThat(rig.output(spec.id())).contains("hello you");
  }

  @Test
  void attachedInputReachesTheProcessAndEndsOnce() throws Exception {
    var rig = rig();
    ContainerSpec spec = rig.spec("/bin/cat").stdio(Set.of(Stdio.STDIN, Stdio.STDIN_ONCE)).build();
    runtime().runContainer(spec);
    byte[] text = "line\n".repeat(50_000).getBytes(StandardCharsets.UTF_8);
    try (var session = runtime().attach(spec.id())) {
      var writer =
          Thread.ofVirtual()
              .start(
                  () -> {
                    try (var in = session.stdin()) {
                      in.write(text);
                    } catch (IOException e) {
                      throw new AssertionError(e);
                    }
                  });
      assertThat(session.stdout().readAllBytes()).isEqualTo(text);
      writer.join();
    }
    assertThat(rig.exit(spec.id()).code()).isZero();
  }

  @Test
  void aContainerOverItsMemoryLimitIsReportedAsKilledForMemory() {
    var rig = rig();
    ContainerSpec spec =
        rig.shell("x=a; while true; do x=$x$x; done")
            .resources(Resources.UNLIMITED.withMemoryBytes(24 << 20))
            .build();
    var exit = rig.run(spec);
    assertThat(exit.reason()).isEqualTo(ExitReason.OOM_KILLED);
    assertThat(exit.code()).isEqualTo(137);
  }

  @Test
  void statsAreMeasured() {
    var rig = rig();
    ContainerSpec spec =
        rig.shell("i=0; while [ $i -lt 2000 ]; do i=$((i+1)); done; echo busy; " + FOR_EVER)
            .resources(Resources.UNLIMITED.withMemoryBytes(64 << 20).withPids(50))
            .build();
    runtime().runContainer(spec);
    rig.waitForOutput(spec.id(), "busy");
    var stats = runtime().stats(spec.id()).orElseThrow();
    assertThat(stats.cpuNanos()).isPositive();
    assertThat(stats.memoryUsageBytes()).isPositive();
    assertThat(stats.memoryLimitBytes()).hasValue(64 << 20);
    assertThat(stats.pids()).isPositive();
    assertThat(runtime().sandboxStats(rig.sandbox())).isPresent();
    runtime()
        .updateResources(spec.id(), Resources.UNLIMITED.withMemoryBytes(96 << 20).withPids(50));
    assertThat(runtime().stats(spec.id()).orElseThrow().memoryLimitBytes()).hasValue(96 << 20);
  }

  @Test
  void exitsAreToldToWhoWatches() {
    var rig = rig();
    try (var events = runtime().events()) {
      ContainerSpec spec = rig.shell("exit 9").build();
      runtime().runContainer(spec);
      var event = RuntimeRig.await(events, RuntimeEvent.ContainerExited.class);
      assertThat(event.status().id()).isEqualTo(spec.id());
      assertThat(event.status().exit().orElseThrow().code()).isEqualTo(9);
    }
  }

  @Test
  void containersOfASandboxShareItsNetworkAndKeepTheirProcessesApart() {
    var rig = rig();
    SandboxStatus sandbox = runtime().sandbox(rig.sandbox()).orElseThrow();
    assertThat(sandbox.state()).isEqualTo(SandboxStatus.State.READY);
    assertThat(sandbox.networkNamespace().orElseThrow()).exists();
    String script = "ls -l /proc/self/ns/net | awk '{print $NF}'; echo $$; ip link show lo";
    ContainerSpec first = rig.shell(script).build();
    ContainerSpec second = rig.shell(script).build();
    rig.run(first);
    rig.run(second);
    assertThat(rig.output(first.id())).isEqualTo(rig.output(second.id())).contains("UP");
    assertThat(rig.output(first.id()).lines().skip(1).findFirst()).hasValue("1");
  }

  @Test
  void containersMayShareTheirProcessNamespace() {
    var rig = rig(Set.of(SandboxSpec.Option.SHARE_PROCESS_NAMESPACE));
    ContainerSpec first = rig.shell("sleep 1000 & wait").build();
    runtime().runContainer(first);
    ContainerSpec second = rig.spec("/bin/ps").build();
    RuntimeRig.eventually(
        () -> {
          ContainerSpec look = rig.spec("/bin/ps").build();
          rig.run(look);
          return rig.output(look.id()).contains("sleep 1000");
        },
        "the other container's process");
    assertThat(rig.run(second).code()).isZero();
    var stopped = runtime().stopContainer(first.id(), Duration.ZERO, SIGTERM).orElseThrow();
    assertThat(stopped.exit().orElseThrow().code()).isIn(137, 143);
  }

  @Test
  void aContainerMaySeeTheProcessesOfAnother() {
    var rig = rig();
    ContainerSpec first = rig.shell("sleep 1001 & wait").build();
    runtime().runContainer(first);
    RuntimeRig.eventually(
        () -> {
          ContainerSpec look = rig.spec("/bin/ps").processesOf(first.id()).build();
          rig.run(look);
          return rig.output(look.id()).contains("sleep 1001");
        },
        "the other container's process");
    // what it leaves behind ends with it, and the other one goes on
    ContainerSpec leaves = rig.shell("sleep 1002 & exit 3").processesOf(first.id()).build();
    assertThat(rig.run(leaves).code()).isEqualTo(3);
    ContainerSpec after = rig.spec("/bin/ps").processesOf(first.id()).build();
    rig.run(after);
    assertThat(rig.output(after.id())).contains("sleep 1001").doesNotContain("sleep 1002");
    assertThat(runtime().stopContainer(first.id(), Duration.ZERO, SIGTERM)).isPresent();
    ContainerSpec late = rig.spec("/bin/ps").processesOf(first.id()).build();
    assertThatThrownBy(() -> runtime().runContainer(late))
        .isInstanceOf(ContainerRuntimeException.class)
        .hasMessageContaining("it is not running");
  }

  @Test
  void removalLeavesNothingAndMayBeRepeated() {
    var rig = rig();
    ContainerSpec spec = rig.shell(FOR_EVER).build();
    runtime().runContainer(spec);
    runtime().removeContainer(spec.id());
    runtime().removeContainer(spec.id());
    assertThat(runtime().container(spec.id())).isEmpty();
    runtime().removeSandbox(rig.sandbox());
    runtime().removeSandbox(rig.sandbox());
    assertThat(runtime().sandbox(rig.sandbox())).isEmpty();
  }

  private static String readUntil(InputStream in, String text) throws IOException {
    var all = new StringBuilder();
    byte[] buffer = new byte[1024];
    while (!all.toString().contains(text)) {
      int n = in.read(buffer);
      if (n < 0) {
        break;
      }
      all.append(new String(buffer, 0, n, StandardCharsets.UTF_8));
    }
    return all.toString();
  }
}
