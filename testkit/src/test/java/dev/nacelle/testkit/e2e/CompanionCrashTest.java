package dev.nacelle.testkit.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The keeper and the monitors are killed: it is reported and recovered, and nothing hangs. */
@Tag("e2e")
class CompanionCrashTest {
  private static final long SEED = Long.getLong("nacelle.crash.seed", System.nanoTime());
  private static final int BURSTS = 4;
  private static final int BURST_MILLIS = 600;

  @RegisterExtension static final SharedPlatform PLATFORM = new SharedPlatform("comp");

  private static final String COUNTER =
      """
      apiVersion: v1
      kind: Pod
      metadata: {name: counter}
      spec:
        terminationGracePeriodSeconds: 0
        containers:
          - name: main
            image: nacelle.test/busybox:1
            command: COUNTING
      """
          .replace("COUNTING", CounterLog.COMMAND);

  private static final String ONCE = COUNTER.replace("spec:\n", "spec:\n  restartPolicy: Never\n");

  private static final String BURST =
      """
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: burst}
      spec:
        replicas: 6
        selector: {matchLabels: {app: burst}}
        template:
          metadata: {labels: {app: burst}}
          spec:
            terminationGracePeriodSeconds: 0
            containers:
              - {name: main, image: "nacelle.test/busybox:1", command: [sleep, "1000000"]}
      """;

  private static Kubectl counting(String namespace) {
    Kubectl kubectl = PLATFORM.kubectlIn(namespace);
    kubectl.apply(COUNTER);
    kubectl.await("condition=Ready", "pod/counter");
    return kubectl;
  }

  private static String identity(Kubectl kubectl) {
    return kubectl.path(
            "{.status.podIP} {.status.containerStatuses[0].containerID}"
                + " {.status.containerStatuses[0].restartCount}",
            "pod",
            "counter")
        + " "
        + ContainerProcess.of(kubectl, "counter", "main");
  }

  private static void assertGoesOn(Kubectl kubectl) {
    int now = CounterLog.wholeOf(kubectl, "counter");
    Eventually.holds("the log goes on", () -> CounterLog.wholeOf(kubectl, "counter") > now + 10);
    assertThat(kubectl.ok("exec", "counter", "--", "echo", "here")).isEqualTo("here\n");
  }

  private static void awaitEvent(String... words) {
    Eventually.sees(
        "an event reports it",
        () -> PLATFORM.kubectl().ok("get", "events", "-A"),
        text -> text.lines().anyMatch(l -> List.of(words).stream().allMatch(w -> l.contains(w))));
  }

  private static ProcessHandle monitorOf(Kubectl kubectl) {
    String id = kubectl.path("{.status.containerStatuses[0].containerID}", "pod", "counter");
    String bare = id.substring(id.indexOf("://") + 3);
    return PLATFORM.get().companions("monitor").stream()
        .filter(p -> HostTraces.commandLine(p.pid()).contains(bare))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no monitor of " + bare));
  }

  private static ProcessHandle keeper() {
    return Eventually.present(
        "a keeper runs", () -> PLATFORM.get().companions("keeper").stream().findFirst());
  }

  private static void awaitAnotherKeeper(ProcessHandle dead) {
    Eventually.holds("another keeper runs", () -> keeper().pid() != dead.pid());
  }

  private static void delete(Kubectl kubectl) {
    kubectl.ok("delete", "pod", "counter", "--timeout=60s");
  }

  @Test
  void aKilledMonitorIsReportedAndItsContainerGoesOn() {
    Kubectl kubectl = counting("monitor");
    String before = identity(kubectl);
    try (BackgroundCommand follow = kubectl.command("logs", "-f", "counter").background();
        BackgroundCommand attached = kubectl.command("attach", "counter").background();
        BackgroundCommand exec =
            kubectl
                .command("exec", "counter", "--", "sh", "-c", "echo inside; sleep 100000")
                .background()) {
      exec.awaitLine("inside");
      follow.awaitLine("10");
      Eventually.holds("what is attached hears", () -> attached.lines().size() > 10);
      PlatformUnderTest.kill(monitorOf(kubectl));
      assertThat(exec.awaitExit()).as("its streams are gone: %s", exec.lines()).isNotZero();
      attached.awaitExit();
      int now = follow.lines().size();
      Eventually.holds("the followed log goes on", () -> follow.lines().size() > now + 50);
      CounterLog.whole(follow.lines());
    }
    awaitEvent("MonitorReplaced", "pod/counter");
    assertThat(identity(kubectl)).isEqualTo(before);
    assertGoesOn(kubectl);
    delete(kubectl);
  }

  @Test
  void theExitCodeOfAContainerWhoseMonitorWasReplacedIsReported() {
    Kubectl kubectl = PLATFORM.kubectlIn("code");
    kubectl.apply(
        ONCE.replace("while true;", "while [ ! -e /tmp/end ];")
            .replace("done\"]", "done; exit 9\"]"));
    kubectl.await("condition=Ready", "pod/counter");
    PlatformUnderTest.kill(monitorOf(kubectl));
    Eventually.holds(
        "exec works again",
        () -> kubectl.run("exec", "counter", "--", "touch", "/tmp/end").exitCode() == 0);
    kubectl.awaitPath(
        "{.status.containerStatuses[0].state.terminated.exitCode}", "9"::equals, "pod", "counter");
    delete(kubectl);
  }

  @Test
  void theExitCodeOfAContainerThatEndsWithItsMonitorIsReported() {
    Kubectl kubectl = PLATFORM.kubectlIn("both");
    kubectl.apply(ONCE);
    kubectl.await("condition=Ready", "pod/counter");
    ContainerProcess process = ContainerProcess.of(kubectl, "counter", "main");
    ProcessHandle monitor = monitorOf(kubectl);
    monitor.destroyForcibly();
    ProcessHandle.of(process.pid()).orElseThrow().destroyForcibly();
    kubectl.awaitPath(
        "{.status.containerStatuses[0].state.terminated.exitCode}",
        "137"::equals,
        "pod",
        "counter");
    CounterLog.wholeOf(kubectl, "counter");
    delete(kubectl);
  }

  @Test
  void aKilledKeeperIsReportedAndReplacedAndNothingStops() {
    Kubectl kubectl = counting("keeper");
    String before = identity(kubectl);
    ProcessHandle keeper = keeper();
    try (BackgroundCommand follow = kubectl.command("logs", "-f", "counter").background();
        BackgroundCommand exec =
            kubectl
                .command(
                    "exec", "counter", "--", "sh", "-c", "while usleep 10000; do echo in; done")
                .background()) {
      exec.awaitLine("in");
      follow.awaitLine("10");
      PlatformUnderTest.kill(keeper);
      awaitAnotherKeeper(keeper);
      int said = exec.lines().size();
      int now = follow.lines().size();
      Eventually.holds("the exec goes on", () -> exec.lines().size() > said + 20);
      Eventually.holds("the followed log goes on", () -> follow.lines().size() > now + 20);
      CounterLog.whole(follow.lines());
    }
    awaitEvent("KeeperReplaced");
    assertThat(identity(kubectl)).isEqualTo(before);
    assertGoesOn(kubectl);
    Kubectl other = counting("keeper-after");
    assertGoesOn(other);
    delete(other);
    delete(kubectl);
  }

  @Test
  void aKeeperThatIsKilledWhilePodsComeAndGoDelaysThem() {
    Kubectl kubectl = counting("burst");
    String before = identity(kubectl);
    var random = new Random(SEED);
    for (int n = 0; n < BURSTS; n++) {
      kubectl.apply(BURST);
      killKeeperWithin(random);
      String status = kubectl.run("rollout", "status", "deployment/burst", "--timeout=90s").all();
      assertThat(status)
          .as("with -Dnacelle.crash.seed=%s, after kill %d", SEED, n)
          .contains("successfully rolled out");
      kubectl.ok("delete", "deployment", "burst", "--wait=false");
      killKeeperWithin(random);
      kubectl.ok("wait", "--for=delete", "pod", "-l", "app=burst", "--timeout=90s");
    }
    assertThat(identity(kubectl)).isEqualTo(before);
    assertGoesOn(kubectl);
    Eventually.sees(
        "the monitors of the containers that went are gone",
        () ->
            PLATFORM.get().companions("monitor").stream()
                .map(p -> HostTraces.commandLine(p.pid()))
                .toList(),
        monitors -> monitors.size() == containers());
    delete(kubectl);
  }

  /** At a random moment: there is no condition to wait for. */
  private static void killKeeperWithin(Random random) {
    try {
      Thread.sleep(random.nextInt(BURST_MILLIS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    ProcessHandle keeper = keeper();
    PlatformUnderTest.kill(keeper);
    awaitAnotherKeeper(keeper);
  }

  private static int containers() {
    return PLATFORM
        .kubectl()
        .path("{.items[*].status.containerStatuses[*].containerID}", "pods", "-A")
        .split(" ", -1)
        .length;
  }

  @Test
  void theDeathOfPlatformAndKeeperIsRecoveredByTheNextUp() {
    Kubectl kubectl = counting("two");
    String before = identity(kubectl);
    ProcessHandle keeper = keeper();
    ProcessHandle platform = PLATFORM.get().process();
    platform.destroyForcibly();
    PlatformUnderTest.kill(keeper);
    PlatformUnderTest.kill(platform);
    PLATFORM.get().up();
    assertThat(identity(kubectl)).isEqualTo(before);
    assertGoesOn(kubectl);
    delete(kubectl);
  }

  @Test
  void theDeathOfAllThreeIsRecoveredByTheNextUp() {
    Kubectl kubectl = counting("all");
    String address = kubectl.path("{.status.podIP}", "pod", "counter");
    ProcessHandle monitor = monitorOf(kubectl);
    PLATFORM.get().kill();
    PlatformUnderTest.kill(keeper());
    PlatformUnderTest.kill(monitor);
    PLATFORM.get().up();
    kubectl.awaitPath(
        "{.status.containerStatuses[0].state}", s -> s.contains("running"), "pod", "counter");
    assertThat(kubectl.path("{.status.podIP}", "pod", "counter")).isEqualTo(address);
    awaitEvent("MonitorReplaced", "all", "pod/counter");
    awaitEvent("KeeperReplaced", "it was gone when the platform came");
    assertGoesOn(kubectl);
    delete(kubectl);
  }
}
