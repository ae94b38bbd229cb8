package dev.nacelle.controllers.replicaset;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.base.json.Json;
import dev.nacelle.controllers.Yaml;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class ReplicaSetPlanTest {
  private static final Instant NOW = Instant.parse("2026-01-01T01:00:00Z");

  private static KubeObject set(int replicas) {
    return Yaml.object("{metadata: {name: s, generation: 4}, spec: {replicas: %d}}", replicas);
  }

  private static KubeObject pod(String name, String node, String phase, String since) {
    String ready =
        since.isEmpty()
            ? ""
            : ", conditions: [{type: Ready, status: \"True\", lastTransitionTime: \""
                + since
                + "\"}]";
    return Yaml.object(
        """
        {metadata: {name: %s, uid: %s, creationTimestamp: "2026-01-01T00:00:00Z"},
         spec: {nodeName: "%s"}, status: {phase: %s %s}}""",
        name, name, node, phase, ready);
  }

  private static List<String> deleted(int keep, KubeObject... pods) {
    var plan = ReplicaSetPlan.of(set(keep), List.of(pods), List.of(pods), NOW);
    return plan.delete().stream().map(KubeObject::name).toList();
  }

  @Test
  void missingPodsAreCreated() {
    assertThat(ReplicaSetPlan.of(set(3), List.of(), List.of(), NOW).create()).isEqualTo(3);
  }

  @Test
  void endedPodsDoNotCount() {
    var pods = List.of(pod("a", "n", "Failed", ""), pod("b", "n", "Running", ""));
    assertThat(ReplicaSetPlan.of(set(2), pods, pods, NOW).create()).isEqualTo(1);
  }

  @Test
  void noMoreThanABurstAtOnce() {
    assertThat(ReplicaSetPlan.of(set(5_000), List.of(), List.of(), NOW).create()).isEqualTo(500);
    List<KubeObject> many =
        IntStream.range(0, 700).mapToObj(i -> pod("p" + i, "n", "Running", "")).toList();
    assertThat(ReplicaSetPlan.of(set(0), many, many, NOW).delete()).hasSize(500);
  }

  @Test
  void aSetThatIsBeingDeletedDoesNothing() {
    KubeObject set =
        Yaml.object(
            "{metadata: {name: s, deletionTimestamp: \"2026-01-01T00:00:00Z\"}, spec: {replicas: 3}}");
    assertThat(ReplicaSetPlan.of(set, List.of(), List.of(), NOW).create()).isZero();
  }

  @Test
  void unscheduledThenPendingThenUnreadyGoFirst() {
    String early = "2026-01-01T00:00:00Z";
    assertThat(
            deleted(
                0,
                pod("ready", "n1", "Running", early),
                pod("unready", "n2", "Running", ""),
                pod("pending", "n3", "Pending", ""),
                pod("unscheduled", "", "Pending", "")))
        .containsExactly("unscheduled", "pending", "unready", "ready");
  }

  @Test
  void theCheaperTheCrowdedAndTheYoungerGoFirst() {
    KubeObject dear =
        pod("dear", "n1", "Running", "2026-01-01T00:00:00Z")
            .withAnnotation("controller.kubernetes.io/pod-deletion-cost", "10");
    KubeObject crowded1 = pod("crowded1", "n2", "Running", "2026-01-01T00:00:00Z");
    KubeObject crowded2 = pod("crowded2", "n2", "Running", "2026-01-01T00:59:50Z");
    KubeObject lonely = pod("lonely", "n3", "Running", "2026-01-01T00:59:50Z");
    assertThat(deleted(0, dear, crowded1, crowded2, lonely))
        .containsExactly("crowded2", "crowded1", "lonely", "dear");
  }

  @Test
  void theStatusCountsWhatItsPodsAre() {
    KubeObject set =
        Yaml.object(
            """
            {metadata: {name: s, generation: 4}, spec: {replicas: 3, minReadySeconds: 60,
             template: {metadata: {labels: {a: b}}}}}""");
    var pods =
        List.of(
            pod("old", "n", "Running", "2026-01-01T00:00:00Z").withLabel("a", "b"),
            pod("new", "n", "Running", "2026-01-01T00:59:30Z"),
            pod("going", "n", "Running", "2026-01-01T00:00:00Z")
                .withMetadata("deletionTimestamp", Json.of("2026-01-01T00:59:00Z")));
    var status =
        ReplicaSetStatus.of(
            set, pods, Optional.of(new ReplicaSetStatus.Failure("FailedCreate", "no")), NOW);
    assertThat(status.toString())
        .startsWith(
            "{\"replicas\":2,\"fullyLabeledReplicas\":1,\"readyReplicas\":2,"
                + "\"availableReplicas\":1,\"terminatingReplicas\":1,\"observedGeneration\":4");
    assertThat(status.toString()).contains("ReplicaFailure").contains("FailedCreate");
    assertThat(ReplicaSetStatus.nextAvailable(set, pods, NOW)).contains(Duration.ofSeconds(30));
  }
}
