package dev.nacelle.node.pod;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class PodPlanTest {
  private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");
  private static final Optional<String> SANDBOX = Optional.of("s-0");
  private final Map<String, ContainerRecord> known = new HashMap<>();

  private PodPlan plan(String spec) {
    return PodPlan.of(Pods.pod(spec), known, SANDBOX, NOW);
  }

  private static List<String> names(List<ContainerView> containers) {
    return containers.stream().map(ContainerView::name).toList();
  }

  @ParameterizedTest
  @CsvSource({"0,0", "1,0", "2,10", "3,20", "4,40", "5,80", "6,160", "7,300", "8,300", "1000,300"})
  void backOffDoublesFromTenSecondsToFiveMinutes(int failures, long seconds) {
    assertThat(PodPlan.backoff(failures)).isEqualTo(Duration.ofSeconds(seconds));
  }

  @ParameterizedTest
  @CsvSource({"1,5", "599,5", "600,1", "6000,1"})
  void tenMinutesOfRunningStartTheBackOffAnew(long seconds, int failures) {
    var ended = Pods.exited("web", 1, NOW, Duration.ofSeconds(seconds));
    assertThat(PodPlan.failuresAfter(4, ended)).isEqualTo(failures);
  }

  @ParameterizedTest
  @CsvSource({
    "Always,0,true",
    "Always,1,true",
    "OnFailure,0,false",
    "OnFailure,1,true",
    "Never,0,false",
    "Never,1,false",
  })
  void policyDecidesWhatStartsAgain(String policy, int code, boolean again) {
    known.put("web", Pods.ended("web", code, NOW));
    PodPlan plan = plan("restartPolicy: " + policy + "\ncontainers: [{name: web}]");
    assertThat(names(plan.start())).isEqualTo(again ? List.of("web") : List.of());
    assertThat(plan.terminal())
        .isEqualTo(
            again
                ? Optional.empty()
                : Optional.of(code == 0 ? PodPlan.Terminal.SUCCEEDED : PodPlan.Terminal.FAILED));
  }

  @Test
  void policyOfTheContainerGoesBeforeThePods() {
    known.put("web", Pods.ended("web", 1, NOW));
    assertThat(
            names(
                plan("restartPolicy: Never\ncontainers: [{name: web, restartPolicy: Always}]")
                    .start()))
        .containsExactly("web");
    assertThat(
            plan("restartPolicy: Always\ncontainers: [{name: web, restartPolicy: Never}]")
                .terminal())
        .contains(PodPlan.Terminal.FAILED);
  }

  @ParameterizedTest
  @CsvSource({"In,42,true", "In,43,false", "NotIn,42,false", "NotIn,43,true"})
  void rulesOfTheContainerGoBeforeItsPolicy(String operator, int code, boolean again) {
    known.put("web", Pods.ended("web", code, NOW));
    PodPlan plan =
        plan(
            """
            restartPolicy: Never
            containers:
            - name: web
              restartPolicy: Never
              restartPolicyRules: [{action: Restart, exitCodes: {operator: %s, values: [42]}}]
            """
                .formatted(operator));
    assertThat(plan.start().isEmpty()).isEqualTo(!again);
  }

  @Test
  void crashedContainerWaitsOutItsBackOff() {
    Instant due = NOW.plusSeconds(20);
    known.put(
        "web",
        Pods.running("web").ended(Pods.exited("web", 1, NOW, Duration.ofSeconds(1)), "", 3, due));
    PodPlan plan = plan("containers: [{name: web}]");
    assertThat(plan.start()).isEmpty();
    assertThat(plan.crashLoops()).containsEntry("web", due);
    assertThat(plan.wakeAt()).contains(due);
  }

  @Test
  void initContainersComeOneByOneAndSidecarsMustHaveStarted() {
    String spec =
        """
        initContainers: [{name: i1}, {name: side, restartPolicy: Always}, {name: i2}]
        containers: [{name: web}, {name: db}]
        """;
    assertThat(names(plan(spec).start())).containsExactly("i1");
    known.put("i1", Pods.running("i1"));
    assertThat(names(plan(spec).start())).isEmpty();
    known.put("i1", Pods.ended("i1", 0, NOW));
    assertThat(names(plan(spec).start())).containsExactly("side");
    known.put("side", Pods.running("side"));
    assertThat(names(plan(spec).start())).isEmpty();
    known.put("side", Pods.running("side").probed(new ContainerRecord.ProbeState(true, false)));
    assertThat(names(plan(spec).start())).containsExactly("i2");
    known.put("i2", Pods.ended("i2", 0, NOW));
    assertThat(names(plan(spec).start())).containsExactly("web", "db");
  }

  @Test
  void failedInitContainerFailsThePodOnlyWhereNothingRestartsIt() {
    known.put("i", Pods.ended("i", 1, NOW));
    String rest = "initContainers: [{name: i}]\ncontainers: [{name: web}]";
    assertThat(names(plan("restartPolicy: Always\n" + rest).start())).containsExactly("i");
    PodPlan never = plan("restartPolicy: Never\n" + rest);
    assertThat(never.terminal()).contains(PodPlan.Terminal.FAILED);
    assertThat(never.start()).isEmpty();
  }

  @Test
  void sidecarsStopLastFirstOnceTheOthersAreDone() {
    String spec =
        """
        restartPolicy: Never
        initContainers: [{name: s1, restartPolicy: Always}, {name: s2, restartPolicy: Always}]
        containers: [{name: web}]
        """;
    known.put("s1", Pods.running("s1"));
    known.put("s2", Pods.running("s2"));
    known.put("web", Pods.ended("web", 0, NOW));
    assertThat(names(plan(spec).stop())).containsExactly("s2");
    assertThat(plan(spec).terminal()).isEmpty();
    known.put("s2", Pods.ended("s2", 137, NOW));
    assertThat(names(plan(spec).stop())).containsExactly("s1");
    known.put("s1", Pods.ended("s1", 143, NOW));
    assertThat(plan(spec).terminal()).contains(PodPlan.Terminal.SUCCEEDED);
  }

  @Test
  void crashedSidecarStartsAgainBesideRunningContainers() {
    known.put("side", Pods.ended("side", 1, NOW));
    known.put("web", Pods.running("web"));
    assertThat(
            names(
                plan("""
                        initContainers: [{name: side, restartPolicy: Always}]
                        containers: [{name: web}]
                        """)
                    .start()))
        .containsExactly("side");
  }

  @Test
  void initContainersRunAgainInANewSandbox() {
    known.put("i", Pods.ended("i", 0, NOW));
    known.put("web", Pods.ended("web", 255, NOW));
    PodPlan plan =
        PodPlan.of(
            Pods.pod("initContainers: [{name: i}]\ncontainers: [{name: web}]"),
            known,
            Optional.empty(),
            NOW);
    assertThat(names(plan.start())).containsExactly("i");
  }

  @Test
  void ephemeralContainerStartsOnceAndDoesNotCount() {
    String spec = "containers: [{name: web}]\nephemeralContainers: [{name: debug}]";
    known.put("web", Pods.running("web"));
    assertThat(names(plan(spec).start())).containsExactly("debug");
    known.put("debug", Pods.ended("debug", 1, NOW));
    assertThat(plan(spec).start()).isEmpty();
    assertThat(plan(spec).terminal()).isEmpty();
  }

  @Test
  void podIsOverOnlyWhenAllContainersAre() {
    known.put("a", Pods.ended("a", 0, NOW));
    known.put("b", Pods.running("b"));
    String spec = "restartPolicy: OnFailure\ncontainers: [{name: a}, {name: b}]";
    assertThat(plan(spec).terminal()).isEmpty();
    known.put("b", Pods.ended("b", 0, NOW));
    assertThat(plan(spec).terminal()).contains(PodPlan.Terminal.SUCCEEDED);
  }
}
