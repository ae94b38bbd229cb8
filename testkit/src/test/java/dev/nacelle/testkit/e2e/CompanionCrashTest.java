package dev.nacelle.testkit.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The keeper and the monitors are killed: it is reported and recovered, and nothing hangs. */
@Tag("e2e")
class CompanionCrashTest {
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
            command: ["sh", "-c", "i=0; while true; do echo $i; i=$((i+1)); usleep 10000; done"]
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
        + ContainerProcess.pid(kubectl, "counter", "main");
  }

  private static long lines(Kubectl kubectl) {
    return kubectl.ok("logs", "counter").lines().count();
  }

  private static void assertGoesOn(Kubectl kubectl) {
    long now = lines(kubectl);
    Eventually.holds("the log goes on", () -> lines(kubectl) > now + 10);
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

  @Test
  void aKilledMonitorIsReportedAndItsContainerGoesOn() {
    Kubectl kubectl = counting("monitor");
    String before = identity(kubectl);
    PlatformUnderTest.kill(monitorOf(kubectl));
    awaitEvent("monitor", "pod/counter");
    assertThat(identity(kubectl)).isEqualTo(before);
    assertGoesOn(kubectl);
    kubectl.ok("delete", "pod", "counter", "--timeout=60s");
  }

  @Test
  void theExitCodeOfAContainerWithoutMonitorIsNotLost() {
    Kubectl kubectl = PLATFORM.kubectlIn("code");
    kubectl.apply(
        COUNTER
            .replace("while true;", "while [ ! -e /tmp/end ];")
            .replace("done\"]", "done; exit 9\"]")
            .replace("spec:\n", "spec:\n  restartPolicy: Never\n"));
    kubectl.await("condition=Ready", "pod/counter");
    PlatformUnderTest.kill(monitorOf(kubectl));
    Eventually.holds(
        "exec works again",
        () -> kubectl.run("exec", "counter", "--", "touch", "/tmp/end").exitCode() == 0);
    kubectl.awaitPath(
        "{.status.containerStatuses[0].state.terminated.exitCode}", "9"::equals, "pod", "counter");
  }

  @Test
  void aKilledKeeperIsReportedAndReplacedAndNothingStops() {
    Kubectl kubectl = counting("keeper");
    String before = identity(kubectl);
    ProcessHandle keeper = keeper();
    PlatformUnderTest.kill(keeper);
    Eventually.holds(
        "a new keeper runs",
        () -> PLATFORM.get().companions("keeper").stream().anyMatch(p -> p.pid() != keeper.pid()));
    awaitEvent("keeper");
    assertThat(identity(kubectl)).isEqualTo(before);
    assertGoesOn(kubectl);
    Kubectl other = counting("keeper-after");
    assertGoesOn(other);
    other.ok("delete", "pod", "counter", "--timeout=60s");
    kubectl.ok("delete", "pod", "counter", "--timeout=60s");
  }

  @Test
  void theDeathOfAllThreeIsRecoveredByTheNextUp() {
    Kubectl kubectl = counting("all");
    String before = identity(kubectl);
    ProcessHandle monitor = monitorOf(kubectl);
    PLATFORM.get().kill();
    PlatformUnderTest.kill(keeper());
    PlatformUnderTest.kill(monitor);
    PLATFORM.get().up();
    kubectl.awaitPath(
        "{.status.containerStatuses[0].state}", s -> s.contains("running"), "pod", "counter");
    assertGoesOn(kubectl);
    assertThat(kubectl.path("{.status.podIP}", "pod", "counter")).isEqualTo(before.split(" ")[0]);
  }

  private static ProcessHandle keeper() {
    return PLATFORM.get().companions("keeper").stream()
        .findFirst()
        .orElseThrow(() -> new AssertionError("no keeper"));
  }
}
