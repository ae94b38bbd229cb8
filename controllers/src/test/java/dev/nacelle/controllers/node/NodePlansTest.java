package dev.nacelle.controllers.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.controllers.Yaml;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class NodePlansTest {
  private static final Instant NOW = Instant.parse("2026-01-01T00:10:00Z");

  private static KubeObject node(String ready, String taints) {
    return Yaml.object(
        """
        {metadata: {name: n}, spec: {taints: [%s]},
         status: {conditions: [{type: Ready, status: "%s", lastHeartbeatTime:
         "2026-01-01T00:00:00Z"}, {type: NetworkUnavailable, status: "False"}]}}""",
        taints, ready);
  }

  private static String taints(NodeHealthPlan plan) {
    return String.join(
        " ",
        plan.taints()
            .objects()
            .map(t -> t.string("key").orElse("") + ":" + t.string("effect").orElse(""))
            .toList());
  }

  @Test
  void aNodeThatSpeaksIsLeftAlone() {
    var plan = NodeHealthPlan.of(node("True", ""), NOW.minusSeconds(39), NOW);
    assertThat(plan.status()).isEqualTo(node("True", "").status());
    assertThat(plan.taints().isEmpty()).isTrue();
    assertThat(plan.checkAgain())
        .hasValueSatisfying(d -> assertThat(d.toMillis()).isEqualTo(1_010));
  }

  @Test
  void aSilentNodeBecomesUnknownAndUnreachable() {
    var plan = NodeHealthPlan.of(node("True", ""), NOW.minusSeconds(40), NOW);
    assertThat(plan.status().toString())
        .contains("\"status\":\"Unknown\"")
        .contains("NodeStatusUnknown")
        .contains("Kubelet stopped posting node status.");
    assertThat(plan.podsAreReady()).isFalse();
    assertThat(taints(plan))
        .isEqualTo(
            "node.kubernetes.io/unreachable:NoSchedule node.kubernetes.io/unreachable:NoExecute");
  }

  @Test
  void aNodeThatIsNotReadySaysSoInTaintsAndLosesThemAfterwards() {
    var plan = NodeHealthPlan.of(node("False", "{key: mine, effect: NoSchedule}"), NOW, NOW);
    assertThat(taints(plan))
        .isEqualTo(
            "mine:NoSchedule node.kubernetes.io/not-ready:NoSchedule"
                + " node.kubernetes.io/not-ready:NoExecute");
    String both =
        "{key: mine, effect: NoSchedule}, {key: node.kubernetes.io/not-ready, effect: NoExecute}";
    assertThat(taints(NodeHealthPlan.of(node("True", both), NOW, NOW)))
        .isEqualTo("mine:NoSchedule");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''|2026-01-01T00:05:00Z",
        "{key: node.kubernetes.io/unreachable, operator: Exists, effect: NoExecute,"
            + " tolerationSeconds: 60}|2026-01-01T00:01:00Z",
        "{operator: Exists}|never",
        "{key: other, operator: Exists}|2026-01-01T00:05:00Z"
      })
  void podsLeaveWhenTheirTolerationEnds(String tolerations, String expected) {
    KubeObject node =
        node(
            "Unknown",
            "{key: node.kubernetes.io/unreachable, effect: NoExecute, timeAdded:"
                + " \"2026-01-01T00:00:00Z\"}");
    KubeObject pod = Yaml.object("{spec: {tolerations: [%s]}}", tolerations);
    assertThat(EvictionPlan.evictAt(pod, node, NOW).map(Instant::toString).orElse("never"))
        .isEqualTo(expected);
  }

  @Test
  void rangesAreUniqueUntilTheyRunOut() {
    var plan = new PodRangePlan("10.64.0.0/16");
    Map<String, String> book = new HashMap<>();
    for (int i = 0; i < 32; i++) {
      book = new HashMap<>(plan.entered(book, Map.of(), "n" + i).orElseThrow());
    }
    assertThat(new HashSet<>(book.values())).hasSize(32).contains("10.64.248.0/21");
    assertThat(plan.entered(book, Map.of(), "more")).isEmpty();
    book.remove("n3");
    assertThat(plan.entered(book, Map.of(), "more").map(b -> b.get("more")))
        .isEqualTo(Optional.of("10.64.24.0/21"));
  }

  @Test
  void whatANodeAlreadyHasIsNeverGivenAgain() {
    var plan = new PodRangePlan("10.64.0.0/16");
    assertThat(plan.entered(Map.of(), Map.of("old", "10.64.0.0/21"), "new").map(b -> b.get("new")))
        .contains("10.64.8.0/21");
    assertThat(new PodRangePlan("10.1.2.0/24").free(List.of())).contains("10.1.2.0/24");
  }
}
