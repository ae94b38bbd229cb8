package dev.nacelle.controllers.deployment;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.controllers.Yaml;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class DeploymentPlanTest {
  private static final Instant NOW = Instant.parse("2026-01-01T00:10:00Z");

  private static KubeObject deployment(int replicas, String image, String more) {
    return Yaml.object(
        """
        {metadata: {name: web, namespace: d, uid: u1, generation: 1},
         spec: {replicas: %d, selector: {matchLabels: {app: web}},
          progressDeadlineSeconds: 600, revisionHistoryLimit: 2 %s,
          template: {metadata: {labels: {app: web}},
                     spec: {containers: [{name: c, image: %s}]}}}}""",
        replicas, more, image);
  }

  private static KubeObject set(
      KubeObject deployment, int replicas, int available, String time, int revision) {
    KubeObject made = NewSet.make(deployment, RolloutSettings.of(deployment), revision, replicas);
    return with(made, available)
        .withMetadata("uid", Json.of("rs-" + made.name()))
        .withMetadata("creationTimestamp", Json.of(time))
        .withMetadata("generation", Json.of(1));
  }

  private static KubeObject with(KubeObject set, int available) {
    int replicas = Sets.replicas(set);
    return set.withStatus(
        JsonObject.builder()
            .put("replicas", replicas)
            .put("readyReplicas", available)
            .put("availableReplicas", available)
            .put("observedGeneration", 1)
            .build());
  }

  private static DeploymentPlan plan(KubeObject deployment, KubeObject... sets) {
    return DeploymentPlan.of(new DeploymentSnapshot(deployment, List.of(sets), Map.of()), NOW);
  }

  private static String condition(DeploymentPlan plan, String type) {
    return plan.status()
        .array("conditions")
        .objects()
        .filter(c -> c.string("type").orElse("").equals(type))
        .map(c -> c.string("status").orElse("") + " " + c.string("reason").orElse(""))
        .findFirst()
        .orElse("none");
  }

  @Test
  void aNewDeploymentMakesItsSetAtFullSize() {
    DeploymentPlan plan = plan(deployment(3, "one", ""));
    KubeObject made = plan.create().orElseThrow();
    assertThat(Sets.replicas(made)).isEqualTo(3);
    assertThat(made.label("pod-template-hash")).isPresent();
    assertThat(made.name()).isEqualTo("web-" + made.label("pod-template-hash").orElseThrow());
    assertThat(made.annotation(Sets.REVISION)).contains("1");
    assertThat(plan.messages())
        .containsExactly("Scaled up replica set " + made.name() + " from 0 to 3");
    assertThat(condition(plan, "Progressing")).isEqualTo("True NewReplicaSetCreated");
    assertThat(condition(plan, "Available")).isEqualTo("False MinimumReplicasUnavailable");
    assertThat(plan.revision()).isEqualTo(1);
  }

  @Test
  void whenAllPodsAreAvailableTheRolloutIsComplete() {
    KubeObject deployment = deployment(3, "one", "");
    DeploymentPlan plan = plan(deployment, set(deployment, 3, 3, "2026-01-01T00:00:00Z", 1));
    assertThat(plan.create()).isEmpty();
    assertThat(plan.update()).isEmpty();
    assertThat(condition(plan, "Progressing")).isEqualTo("True NewReplicaSetAvailable");
    assertThat(condition(plan, "Available")).isEqualTo("True MinimumReplicasAvailable");
    assertThat(plan.status().integer("observedGeneration")).hasValue(1);
  }

  @Test
  void aChangedTemplateStartsASecondSetWithinTheSurge() {
    KubeObject before = deployment(4, "one", "");
    KubeObject after = deployment(4, "two", "");
    DeploymentPlan plan = plan(after, set(before, 4, 4, "2026-01-01T00:00:00Z", 1));
    assertThat(Sets.replicas(plan.create().orElseThrow())).isEqualTo(1);
    assertThat(plan.revision()).isEqualTo(2);
  }

  @Test
  void aPausedDeploymentMakesNoNewSet() {
    KubeObject before = deployment(4, "one", "");
    KubeObject after = deployment(4, "two", ", paused: true");
    DeploymentPlan plan = plan(after, set(before, 4, 4, "2026-01-01T00:00:00Z", 1));
    assertThat(plan.create()).isEmpty();
    assertThat(condition(plan, "Progressing")).isEqualTo("Unknown DeploymentPaused");
  }

  @Test
  void recreateStopsTheOldBeforeTheNew() {
    String recreate = ", strategy: {type: Recreate}";
    KubeObject before = deployment(2, "one", recreate);
    KubeObject after = deployment(2, "two", recreate);
    KubeObject old = set(before, 2, 2, "2026-01-01T00:00:00Z", 1);
    DeploymentPlan first = plan(after, old);
    assertThat(first.create()).isEmpty();
    assertThat(Sets.replicas(first.update().getFirst())).isZero();
    KubeObject stopped = with(first.update().getFirst(), 0);
    KubeObject pod = Yaml.object("{metadata: {name: p}, status: {phase: Running}}");
    DeploymentPlan waiting =
        DeploymentPlan.of(
            new DeploymentSnapshot(after, List.of(stopped), Map.of(stopped.uid(), List.of(pod))),
            NOW);
    assertThat(waiting.create()).isEmpty();
    assertThat(Sets.replicas(plan(after, stopped).create().orElseThrow())).isEqualTo(2);
  }

  @Test
  void aRolloutThatDoesNotMoveTimesOut() {
    KubeObject deployment = deployment(2, "one", "");
    KubeObject set = set(deployment, 2, 0, "2026-01-01T00:00:00Z", 1);
    JsonObject status =
        Yaml.object(
                """
                {replicas: 2, updatedReplicas: 2, conditions: [{type: Progressing,
                 status: "True", reason: ReplicaSetUpdated, lastUpdateTime: "%s",
                 lastTransitionTime: "%s"}]}""",
                NOW.minusSeconds(601), NOW.minusSeconds(700))
            .json();
    DeploymentPlan plan = plan(deployment.withStatus(status), set);
    assertThat(condition(plan, "Progressing")).isEqualTo("False ProgressDeadlineExceeded");
    DeploymentPlan early =
        plan(
            deployment.withStatus(
                Yaml.object(
                        status.toString().replace(NOW.minusSeconds(601).toString(), NOW.toString()))
                    .json()),
            set);
    assertThat(condition(early, "Progressing")).isEqualTo("True ReplicaSetUpdated");
    assertThat(early.checkAgain()).isPresent();
  }

  @Test
  void scalingWhileRollingSpreadsInProportion() {
    KubeObject before =
        deployment(10, "one", ", strategy: {rollingUpdate: {maxSurge: 3," + " maxUnavailable: 2}}");
    KubeObject after =
        deployment(10, "two", ", strategy: {rollingUpdate: {maxSurge: 3," + " maxUnavailable: 2}}");
    KubeObject old = set(before, 8, 8, "2026-01-01T00:00:00Z", 1);
    KubeObject fresh = set(after, 5, 0, "2026-01-01T00:01:00Z", 2);
    KubeObject scaled = after.withSpec(after.spec().with("replicas", Json.of(15)));
    DeploymentPlan plan = plan(scaled, old, fresh);
    assertThat(plan.create()).isEmpty();
    assertThat(plan.update().stream().mapToInt(Sets::replicas).sum()).isEqualTo(18);
    assertThat(plan.update().stream().map(Sets::replicas)).containsExactlyInAnyOrder(11, 7);
  }

  @Test
  void oldSetsBeyondTheHistoryAreDeleted() {
    List<KubeObject> sets = new ArrayList<>();
    for (int i = 1; i <= 4; i++) {
      sets.add(set(deployment(0, "v" + i, ""), 0, 0, "2026-01-01T00:00:0" + i + "Z", i));
    }
    KubeObject deployment = deployment(1, "v5", "");
    sets.add(set(deployment, 1, 1, "2026-01-01T00:01:00Z", 5));
    JsonObject complete =
        Yaml.object(
                "{replicas: 1, updatedReplicas: 1, availableReplicas: 1, observedGeneration: 1}")
            .json();
    DeploymentPlan plan = plan(deployment.withStatus(complete), sets.toArray(KubeObject[]::new));
    assertThat(plan.delete().stream().map(Sets::revision)).containsExactly(1L, 2L);
  }

  /** Plays rollouts with pods that become available at random; prints the seed that fails. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void rolloutsStayWithinTheirBoundsAndConverge(long firstSeed) {
    for (long seed = firstSeed * 100; seed < firstSeed * 100 + 100; seed++) {
      new Play(seed).run();
    }
  }

  /** One played rollout. */
  private static final class Play {
    private final long seed;
    private final Random random;
    private final List<KubeObject> sets = new ArrayList<>();
    private KubeObject deployment;
    private int created;

    Play(long seed) {
      this.seed = seed;
      this.random = new Random(seed);
      String bounds =
          ", strategy: {rollingUpdate: {maxSurge: %s, maxUnavailable: %s}}"
              .formatted(
                  random.nextBoolean() ? random.nextInt(4) : random.nextInt(101) + "%",
                  random.nextBoolean() ? random.nextInt(4) : random.nextInt(101) + "%");
      this.deployment = deployment(1 + random.nextInt(12), "v0", bounds);
    }

    void run() {
      converge(false);
      for (int change = 1; change <= 3; change++) {
        JsonObject template = deployment.spec().object("template");
        JsonObject next =
            Yaml.object(template.toString().replace("v" + (change - 1), "v" + change)).json();
        deployment =
            deployment
                .withSpec(deployment.spec().with("template", next))
                .withMetadata("generation", Json.of(change + 1));
        if (change == 2) {
          steps(random.nextInt(5)); // overtaken in the middle by the next one
        } else {
          converge(true);
        }
      }
    }

    private void converge(boolean bounded) {
      for (int step = 0; step < 500; step++) {
        step(bounded);
        if (isDone()) {
          return;
        }
      }
      throw new AssertionError("seed " + seed + " does not converge: " + sets);
    }

    private void steps(int count) {
      for (int i = 0; i < count; i++) {
        step(true);
      }
    }

    private boolean isDone() {
      Optional<KubeObject> fresh = NewSet.find(deployment, sets);
      int wanted = RolloutSettings.of(deployment).replicas();
      return fresh.isPresent()
          && Sets.available(fresh.get()) == wanted
          && Sets.totalReplicas(sets) == wanted
          && deployment.status().toString().contains("NewReplicaSetAvailable");
    }

    private void step(boolean bounded) {
      RolloutSettings settings = RolloutSettings.of(deployment);
      DeploymentPlan plan =
          DeploymentPlan.of(
              new DeploymentSnapshot(deployment, sets, Map.of()), NOW.plusSeconds(created));
      apply(plan);
      int total = Sets.totalReplicas(sets);
      assertThat(total)
          .as("seed %d: surge", seed)
          .isLessThanOrEqualTo(settings.replicas() + settings.maxSurge());
      if (bounded) {
        assertThat(sets.stream().mapToInt(s -> Math.min(Sets.available(s), Sets.replicas(s))).sum())
            .as("seed %d: availability", seed)
            .isGreaterThanOrEqualTo(settings.leastAvailable());
      }
      for (int i = 0; i < sets.size(); i++) {
        int size = Sets.replicas(sets.get(i));
        int available = Math.min(size, Sets.available(sets.get(i)));
        sets.set(i, with(sets.get(i), available + random.nextInt(size - available + 1)));
      }
    }

    private void apply(DeploymentPlan plan) {
      plan.update()
          .forEach(
              next ->
                  sets.replaceAll(
                      s ->
                          s.name().equals(next.name())
                              ? Sets.withReplicas(next, Sets.replicas(next))
                              : s));
      sets.removeIf(s -> plan.delete().stream().anyMatch(d -> d.name().equals(s.name())));
      Stream.of(plan.create())
          .flatMap(Optional::stream)
          .forEach(
              made ->
                  sets.add(
                      with(made, 0)
                          .withMetadata("uid", Json.of("s" + created))
                          .withMetadata(
                              "creationTimestamp",
                              Json.of(KubeObject.formatTime(NOW.plusSeconds(++created))))));
      deployment = deployment.withStatus(plan.status());
    }
  }
}
