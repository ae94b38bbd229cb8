package dev.nacelle.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.YamlReader;
import dev.nacelle.scheduler.cluster.ClusterSnapshot;
import dev.nacelle.scheduler.cluster.ClusterState;
import dev.nacelle.scheduler.cluster.NodeInfo;
import dev.nacelle.scheduler.cluster.PendingPod;
import dev.nacelle.scheduler.cluster.PodFacts;
import dev.nacelle.scheduler.plugin.Plugins;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class PlacementTest {
  private final List<NodeInfo> nodes = new ArrayList<>();

  private static KubeObject object(String yaml) {
    return new KubeObject((JsonObject) YamlReader.read(Bytes.utf8(yaml)));
  }

  private void node(String name, String more) {
    nodes.add(
        NodeInfo.of(
            object(
                """
                {metadata: {name: %s, labels: {kubernetes.io/hostname: %s, zone: %s}},
                 spec: {%s},
                 status: {allocatable: {cpu: "4", memory: 8Gi, pods: "10"}}}"""
                    .formatted(name, name, name.substring(0, 1), more))));
  }

  private static PendingPod pod(String name, String spec) {
    return PendingPod.of(
        object(
            "{metadata: {name: %s, namespace: d, uid: %s, labels: {app: web}}, spec: {%s}}"
                .formatted(name, name, spec)));
  }

  private static String requests(String cpu) {
    return "containers: [{name: c, resources: {requests: {cpu: " + cpu + "}}}]";
  }

  private void place(String node, PodFacts facts) {
    nodes.replaceAll(n -> n.name().equals(node) ? n.with(facts) : n);
  }

  private Placement placement(PendingPod pod) {
    return Placement.of(
        pod,
        new ClusterSnapshot(List.copyOf(nodes), Map.of()),
        Plugins.ALL,
        new Placement.Sample(0),
        new Random(1));
  }

  private String where(PendingPod pod) {
    return switch (placement(pod)) {
      case Placement.OnNode on -> on.node();
      case Placement.Nowhere nowhere -> nowhere.message();
    };
  }

  @Test
  void withoutNodesTheMessageSaysSo() {
    assertThat(where(pod("p", requests("1")))).isEqualTo("no nodes available to schedule pods");
  }

  @Test
  void theMessageCountsTheReasons() {
    node("a", "");
    node("b", "taints: [{key: k, value: v, effect: NoSchedule}]");
    node("c", "taints: [{key: k, value: v, effect: NoExecute}]");
    place("a", pod("busy", requests("3500m")).facts());
    assertThat(where(pod("p", requests("1"))))
        .isEqualTo(
            "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) had untolerated taint {k: v}."
                + " preemption: 0/3 nodes are available: 1 No preemption victims found for incoming"
                + " pod, 2 Preemption is not helpful for scheduling.");
  }

  @Test
  void tolerationsOpenTaintedNodes() {
    node("b", "taints: [{key: k, value: v, effect: NoSchedule}]");
    assertThat(where(pod("p", "tolerations: [{key: k, operator: Exists}]"))).isEqualTo("b");
    assertThat(where(pod("p", "tolerations: [{key: k, value: v, effect: NoSchedule}]")))
        .isEqualTo("b");
    assertThat(where(pod("p", "tolerations: [{key: k, value: w}]"))).startsWith("0/1");
  }

  @Test
  void cordonedNodesAreLeftAlone() {
    node("a", "unschedulable: true");
    assertThat(where(pod("p", requests("1"))))
        .startsWith("0/1 nodes are available: 1 node(s) were unschedulable.");
  }

  @Test
  void selectorAndAffinityChooseTheNode() {
    node("a", "");
    node("b", "");
    assertThat(where(pod("p", "nodeSelector: {zone: b}"))).isEqualTo("b");
    String required =
        "affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution:"
            + " {nodeSelectorTerms: [{matchExpressions: [{key: zone, operator: NotIn, values:"
            + " [b]}]}]}}}";
    assertThat(where(pod("p", required))).isEqualTo("a");
    String preferred =
        "affinity: {nodeAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 100,"
            + " preference: {matchFields: [{key: metadata.name, operator: In, values: [b]}]}}]}}";
    assertThat(where(pod("p", preferred))).isEqualTo("b");
    assertThat(where(pod("p", "nodeSelector: {zone: x}")))
        .startsWith(
            "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector.");
  }

  @Test
  void theEmptierNodeIsPreferred() {
    node("a", "");
    node("b", "");
    place("a", pod("busy", requests("2")).facts());
    assertThat(where(pod("p", requests("1")))).isEqualTo("b");
  }

  @Test
  void hostPortsAreUsedOnce() {
    node("a", "");
    String ports = "containers: [{name: c, ports: [{containerPort: 80, hostPort: 80}]}]";
    place("a", pod("busy", ports).facts());
    assertThat(where(pod("p", ports)))
        .startsWith(
            "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod"
                + " ports.");
  }

  @Test
  void aNodeTakesNoMorePodsThanItSays() {
    node("a", "");
    for (int i = 0; i < 10; i++) {
      place("a", pod("p" + i, "").facts());
    }
    assertThat(where(pod("p", ""))).startsWith("0/1 nodes are available: 1 Too many pods.");
  }

  @Test
  void initContainersSidecarsAndOverheadCount() {
    PendingPod pod =
        pod(
            "p",
            "overhead: {cpu: 100m}, containers: [{name: c, resources: {requests: {cpu: 500m}}}],"
                + " initContainers: [{name: s, restartPolicy: Always, resources: {requests: {cpu:"
                + " 200m}}}, {name: i, resources: {requests: {cpu: \"1\"}}}]");
    assertThat(pod.facts().requests().cpuMillis()).isEqualTo(1_300);
  }

  @Test
  void spreadConstraintsHold() {
    node("a1", "");
    node("a2", "");
    node("b1", "");
    String spread =
        "topologySpreadConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable:"
            + " DoNotSchedule, labelSelector: {matchLabels: {app: web}}}]";
    place("a1", pod("x", "").facts());
    assertThat(where(pod("p", spread))).isEqualTo("b1");
    place("b1", pod("y", "").facts());
    place("b1", pod("z", "").facts());
    assertThat(where(pod("p", spread))).startsWith("a");
    String noZone = spread.replace("topologyKey: zone", "topologyKey: rack");
    assertThat(where(pod("p", noZone)))
        .startsWith(
            "0/3 nodes are available: 3 node(s) didn't match pod topology spread constraints"
                + " (missing required label).");
  }

  @Test
  void thePodsOfOneOwnerAreSpread() {
    node("a", "");
    node("b", "");
    String owned =
        "{metadata: {name: %s, uid: %s, namespace: d, ownerReferences: [{uid: o, controller:"
            + " true}]}, spec: {}}";
    place("a", PodFacts.of(object(owned.formatted("x", "x"))));
    assertThat(where(PendingPod.of(object(owned.formatted("y", "y"))))).isEqualTo("b");
  }

  @Test
  void preemptionTakesTheFewestAndLeastImportant() {
    node("a", "");
    node("b", "");
    place("a", pod("low1", "priority: 1, " + requests("2")).facts());
    place("a", pod("low2", "priority: 1, " + requests("2")).facts());
    place("b", pod("mid", "priority: 5, " + requests("4")).facts());
    var nowhere = (Placement.Nowhere) placement(pod("p", "priority: 10, " + requests("2")));
    var preemption = nowhere.preemption().orElseThrow();
    assertThat(preemption.node()).isEqualTo("a");
    assertThat(preemption.victims()).hasSize(1);
    var never =
        (Placement.Nowhere)
            placement(pod("p", "priority: 10, preemptionPolicy: Never, " + requests("2")));
    assertThat(never.preemption()).isEmpty();
    assertThat(never.message()).endsWith("preemption: not eligible due to preemptionPolicy=Never.");
  }

  @Test
  void roomThatIsMadeForAnotherIsTaken() {
    node("a", "");
    PodFacts nominated = pod("n", "priority: 10, " + requests("4")).facts();
    var snapshot = new ClusterSnapshot(List.copyOf(nodes), Map.of("a", List.of(nominated)));
    var lower =
        Placement.of(
            pod("p", "priority: 1, " + requests("1")),
            snapshot,
            Plugins.ALL,
            new Placement.Sample(0),
            new Random(1));
    assertThat(lower).isInstanceOf(Placement.Nowhere.class);
    var higher =
        Placement.of(
            pod("q", "priority: 20, " + requests("1")),
            snapshot,
            Plugins.ALL,
            new Placement.Sample(0),
            new Random(1));
    assertThat(higher).isEqualTo(new Placement.OnNode("a"));
  }

  /** Decisions in a row see each other: no node is ever given more than it has. */
  @Test
  void randomPlacementsNeverOverfillANode() {
    for (long seed = 0; seed < 200; seed++) {
      var random = new Random(seed);
      var state = new ClusterState();
      nodes.clear();
      for (int i = 0; i < 1 + random.nextInt(6); i++) {
        node("n" + i, "");
      }
      nodes.forEach(state::putNode);
      List<String> placed = new ArrayList<>();
      for (int i = 0; i < 60; i++) {
        PendingPod pod = pod("p" + i, requests(random.nextInt(1_500) + "m"));
        Placement where =
            Placement.of(pod, state.snapshot(), Plugins.ALL, new Placement.Sample(i), random);
        if (where instanceof Placement.OnNode on) {
          state.place(pod.facts(), on.node());
          placed.add(pod.uid());
        } else if (!placed.isEmpty()) {
          state.removePod(placed.remove(random.nextInt(placed.size())));
        }
        for (NodeInfo node : state.snapshot().nodes()) {
          long sum = node.pods().stream().mapToLong(p -> p.requests().cpuMillis()).sum();
          assertThat(node.requested().cpuMillis()).as("seed %d: sum", seed).isEqualTo(sum);
          assertThat(sum).as("seed %d: overfilled", seed).isLessThanOrEqualTo(4_000);
          assertThat(node.pods().size()).as("seed %d: pods", seed).isLessThanOrEqualTo(10);
        }
      }
    }
  }
}
