package dev.nacelle.node.pod;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.base.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class PodStatusTest {
  private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");
  private final Map<String, ContainerRecord> known = new HashMap<>();
  private Map<String, Instant> crashLoops = Map.of();
  private Optional<PodPlan.Terminal> terminal = Optional.empty();
  private Optional<PodStatus.Failure> failure = Optional.empty();

  private JsonObject status(PodView pod) {
    return PodStatus.of(
        new PodStatus.Facts(
            pod,
            known,
            crashLoops,
            terminal,
            failure,
            "192.0.2.1",
            Optional.of("10.64.0.2"),
            true,
            Optional.of(NOW),
            NOW));
  }

  private static JsonObject condition(JsonObject status, String type) {
    return status
        .array("conditions")
        .objects()
        .filter(c -> c.string("type").filter(type::equals).isPresent())
        .findFirst()
        .orElseThrow();
  }

  private static JsonObject first(JsonObject status, String list) {
    return status.array(list).objects().findFirst().orElseThrow();
  }

  @Test
  void newPodIsPendingAndItsContainersAreBeingCreated() {
    JsonObject status = status(Pods.pod("containers: [{name: web, image: i}]"));
    assertThat(status.string("phase")).contains("Pending");
    assertThat(status.integer("observedGeneration")).hasValue(7);
    assertThat(first(status, "containerStatuses").string("state", "waiting", "reason"))
        .contains("ContainerCreating");
    assertThat(condition(status, "Ready").string("reason")).contains("ContainersNotReady");
    assertThat(condition(status, "Ready").string("message"))
        .contains("containers with unready status: [web]");
    assertThat(condition(status, "Initialized").string("status")).contains("True");
  }

  @Test
  void podWithInitContainersSaysWhichAreNotDone() {
    known.put("i", Pods.running("i"));
    JsonObject status =
        status(Pods.pod("initContainers: [{name: i}, {name: j}]\ncontainers: [{name: web}]"));
    assertThat(status.string("phase")).contains("Pending");
    assertThat(first(status, "containerStatuses").string("state", "waiting", "reason"))
        .contains("PodInitializing");
    assertThat(condition(status, "Initialized").string("reason"))
        .contains("ContainersNotInitialized");
    assertThat(condition(status, "Initialized").string("message"))
        .contains("containers with incomplete status: [i j]");
  }

  @Test
  void runningPodIsReadyWhenItsContainersAre() {
    known.put("web", Pods.ready("web"));
    JsonObject status = status(Pods.pod("containers: [{name: web}]"));
    assertThat(status.string("phase")).contains("Running");
    assertThat(condition(status, "Ready").string("status")).contains("True");
    assertThat(condition(status, "PodReadyToStartContainers").string("status")).contains("True");
    JsonObject web = first(status, "containerStatuses");
    assertThat(web.bool("started")).contains(true);
    assertThat(web.string("state", "running", "startedAt")).contains("2026-01-02T03:00:00Z");
    assertThat(web.string("containerID")).contains("nacelle://id-web");
  }

  @Test
  void timeOfTheLastTransitionIsKept() {
    known.put("web", Pods.ready("web"));
    JsonObject status =
        status(
            Pods.pod(
                "containers: [{name: web}]",
                """
                conditions:
                - {type: Ready, status: "True", lastTransitionTime: "2025-01-01T00:00:00Z"}
                - {type: ContainersReady, status: "False",
                   lastTransitionTime: "2025-01-01T00:00:00Z"}
                """));
    assertThat(condition(status, "Ready").string("lastTransitionTime"))
        .contains("2025-01-01T00:00:00Z");
    assertThat(condition(status, "ContainersReady").string("lastTransitionTime"))
        .contains("2026-01-02T03:04:05Z");
  }

  @Test
  void crashLoopShowsTheWaitAndTheLastEnd() {
    known.put(
        "web",
        Pods.running("web")
            .ended(
                Pods.exited("web", 2, NOW, Duration.ofSeconds(1)),
                "oops",
                6,
                NOW.plusSeconds(160)));
    crashLoops = Map.of("web", NOW.plusSeconds(160));
    JsonObject status = status(Pods.pod("containers: [{name: web}]"));
    JsonObject web = first(status, "containerStatuses");
    assertThat(status.string("phase")).contains("Running");
    assertThat(web.string("state", "waiting", "reason")).contains("CrashLoopBackOff");
    assertThat(web.string("state", "waiting", "message"))
        .contains("back-off 2m40s restarting failed container=web pod=a_ns(u-1)");
    assertThat(web.integer("lastState", "terminated", "exitCode")).hasValue(2);
    assertThat(web.string("lastState", "terminated", "reason")).contains("Error");
    assertThat(web.string("lastState", "terminated", "message")).contains("oops");
  }

  @Test
  void containerThatCouldNotRunAndIsNotTriedAgainIsTerminated() {
    known.put(
        "web",
        Pods.ended("web", 128, NOW)
            .waitingFor(new ContainerRecord.Waiting("RunContainerError", "no such file")));
    JsonObject all = status(Pods.pod("restartPolicy: Never\ncontainers: [{name: web}, {name: x}]"));
    assertThat(
            all.array("containerStatuses")
                .objects()
                .toList()
                .getFirst()
                .object("state")
                .has("terminated"))
        .isTrue();
  }

  @Test
  void finishedPodsSayHow() {
    known.put("web", Pods.ended("web", 0, NOW));
    terminal = Optional.of(PodPlan.Terminal.SUCCEEDED);
    JsonObject status = status(Pods.pod("restartPolicy: Never\ncontainers: [{name: web}]"));
    assertThat(status.string("phase")).contains("Succeeded");
    assertThat(condition(status, "Ready").string("reason")).contains("PodCompleted");
    assertThat(condition(status, "Initialized").string("reason")).contains("PodCompleted");
    terminal = Optional.of(PodPlan.Terminal.FAILED);
    JsonObject failed = status(Pods.pod("restartPolicy: Never\ncontainers: [{name: web}]"));
    assertThat(failed.string("phase")).contains("Failed");
    assertThat(condition(failed, "ContainersReady").string("reason")).contains("PodFailed");
  }

  @Test
  void failureOfTheWholePodIsShown() {
    failure = Optional.of(new PodStatus.Failure("DeadlineExceeded", "too long"));
    JsonObject status = status(Pods.pod("containers: [{name: web}]"));
    assertThat(status.string("phase")).contains("Failed");
    assertThat(status.string("reason")).contains("DeadlineExceeded");
    assertThat(condition(status, "PodReadyToStartContainers").string("status")).contains("False");
  }

  @Test
  void readinessGatesHoldThePodBack() {
    known.put("web", Pods.ready("web"));
    JsonObject status =
        status(Pods.pod("readinessGates: [{conditionType: lb}]\ncontainers: [{name: web}]"));
    assertThat(condition(status, "Ready").string("reason")).contains("ReadinessGatesNotReady");
    assertThat(condition(status, "Ready").string("message"))
        .contains("corresponding condition of pod readiness gate \"lb\" does not exist.");
    assertThat(condition(status, "ContainersReady").string("status")).contains("True");
  }

  @Test
  void rejectedPodFailsWithItsReason() {
    JsonObject status =
        PodStatus.rejected(
            Pods.pod("containers: [{name: web}]"), new PodStatus.Failure("OutOfcpu", "full"));
    assertThat(status.string("message")).contains("Pod was rejected: full");
    assertThat(status.has("containerStatuses")).isFalse();
  }
}
