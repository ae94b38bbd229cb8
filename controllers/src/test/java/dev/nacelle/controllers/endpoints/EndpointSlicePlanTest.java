package dev.nacelle.controllers.endpoints;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.controllers.Yaml;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class EndpointSlicePlanTest {
  private static final KubeObject SERVICE =
      Yaml.object(
          """
          {metadata: {name: web, namespace: d, uid: u, labels: {team: x}},
           spec: {clusterIP: 10.1.1.1, selector: {app: web},
            ports: [{name: http, port: 80, targetPort: web, protocol: TCP}]}}""");
  private static final Map<String, KubeObject> NODES =
      Map.of(
          "n1", Yaml.object("{metadata: {name: n1, labels: {topology.kubernetes.io/zone: z1}}}"));

  private static final Map<Integer, KubeObject> KNOWN = new HashMap<>();

  private static KubeObject pod(int number, String more) {
    return Yaml.object(
        """
        {metadata: {name: p%d, namespace: d, uid: p%d %s},
         spec: {nodeName: n1, hostname: h, subdomain: web,
          containers: [{ports: [{name: web, containerPort: 8080, protocol: TCP}]}]},
         status: {phase: Running, podIP: 10.64.%d.%d,
          conditions: [{type: Ready, status: "True",
            lastTransitionTime: "2026-01-01T00:00:00Z"}]}}""",
        number, number, more, number / 250, number % 250);
  }

  private static List<KubeObject> pods(int from, int to) {
    return IntStream.range(from, to)
        .mapToObj(i -> KNOWN.computeIfAbsent(i, n -> pod(n, "")))
        .toList();
  }

  private static List<JsonObject> endpoints(KubeObject slice) {
    return slice.json().array("endpoints").objects().toList();
  }

  @Test
  void anEndpointSaysAllOfItsPod() {
    var plan = EndpointSlicePlan.of(SERVICE, pods(1, 2), NODES, List.of());
    KubeObject slice = plan.create().getFirst();
    assertThat(endpoints(slice).getFirst().toString())
        .isEqualTo(
            "{\"addresses\":[\"10.64.0.1\"],\"conditions\":{\"ready\":true,\"serving\":true,"
                + "\"terminating\":false},\"hostname\":\"h\",\"targetRef\":{\"kind\":\"Pod\","
                + "\"namespace\":\"d\",\"name\":\"p1\",\"uid\":\"p1\"},\"nodeName\":\"n1\","
                + "\"zone\":\"z1\"}");
    assertThat(slice.json().array("ports").toString())
        .contains("\"name\":\"http\"")
        .contains("\"port\":8080");
    assertThat(slice.labels())
        .containsEntry("team", "x")
        .containsEntry("kubernetes.io/service-name", "web")
        .containsEntry("endpointslice.kubernetes.io/managed-by", "endpointslice-controller.k8s.io");
    assertThat(slice.generateName()).isEqualTo("web-");
    assertThat(slice.annotation(EndpointSlicePlan.TRIGGER_TIME)).contains("2026-01-01T00:00:00Z");
  }

  @Test
  void aTerminatingPodServesButIsNotReady() {
    var pod = pod(1, ", deletionTimestamp: \"2026-01-01T00:00:00Z\"");
    var plan = EndpointSlicePlan.of(SERVICE, List.of(pod), NODES, List.of());
    assertThat(endpoints(plan.create().getFirst()).getFirst().object("conditions").toString())
        .isEqualTo("{\"ready\":false,\"serving\":true,\"terminating\":true}");
  }

  @Test
  void nobodyBehindTheServiceIsAnEmptySlice() {
    var plan = EndpointSlicePlan.of(SERVICE, List.of(), NODES, List.of());
    assertThat(plan.create()).hasSize(1);
    KubeObject empty = named(plan.create().getFirst(), "e");
    assertThat(EndpointSlicePlan.of(SERVICE, List.of(), NODES, List.of(empty)))
        .isEqualTo(new EndpointSlicePlan(List.of(), List.of(), List.of()));
    var filled = EndpointSlicePlan.of(SERVICE, pods(1, 2), NODES, List.of(empty));
    assertThat(filled.create()).hasSize(1);
    assertThat(filled.delete()).hasSize(1);
  }

  @Test
  void headlessServicesAreLabelled() {
    KubeObject headless = SERVICE.withSpec(SERVICE.spec().with("clusterIP", Json.of("None")));
    var plan = EndpointSlicePlan.of(headless, pods(1, 2), NODES, List.of());
    assertThat(plan.create().getFirst().label("service.kubernetes.io/headless")).contains("");
  }

  @Test
  void oneChangeTouchesOneSlice() {
    List<KubeObject> slices = new ArrayList<>();
    apply(slices, EndpointSlicePlan.of(SERVICE, pods(0, 250), NODES, List.of()));
    assertThat(slices).hasSize(3);
    var fewer = new ArrayList<>(pods(0, 250));
    fewer.remove(120);
    var plan = EndpointSlicePlan.of(SERVICE, fewer, NODES, slices);
    assertThat(plan.update()).hasSize(1);
    assertThat(plan.create()).isEmpty();
    assertThat(plan.delete()).isEmpty();
  }

  @Test
  void randomChangesKeepEveryPodInExactlyOneSlice() {
    for (long seed = 0; seed < 15; seed++) {
      var random = new Random(seed);
      List<KubeObject> slices = new ArrayList<>();
      for (int step = 0; step < 8; step++) {
        var pods = pods(0, 300).stream().filter(p -> random.nextInt(3) > 0).toList();
        apply(slices, EndpointSlicePlan.of(SERVICE, pods, NODES, slices));
        var seen =
            slices.stream()
                .flatMap(s -> endpoints(s).stream())
                .map(e -> e.string("targetRef", "uid").orElse(""))
                .toList();
        assertThat(seen)
            .as("seed %d", seed)
            .containsExactlyInAnyOrderElementsOf(pods.stream().map(KubeObject::uid).toList());
        assertThat(slices).as("seed %d", seed).allMatch(s -> endpoints(s).size() <= 100);
      }
    }
  }

  private static KubeObject named(KubeObject slice, String name) {
    return slice.withMetadata("name", Json.of(name)).withMetadata("uid", Json.of(name));
  }

  private int names;

  private void apply(List<KubeObject> slices, EndpointSlicePlan plan) {
    slices.removeIf(s -> plan.delete().stream().anyMatch(d -> d.uid().equals(s.uid())));
    slices.replaceAll(
        s -> plan.update().stream().filter(u -> u.uid().equals(s.uid())).findFirst().orElse(s));
    plan.create().forEach(c -> slices.add(named(c, "s" + names++)));
  }

  @Test
  void oldClientsGetEndpoints() {
    var pods = new ArrayList<>(pods(1, 1_200));
    KubeObject endpoints = EndpointsPlan.of(SERVICE, pods);
    assertThat(endpoints.annotation(EndpointsPlan.OVER_CAPACITY)).contains("truncated");
    JsonObject subset = endpoints.json().array("subsets").objects().findFirst().orElseThrow();
    assertThat(subset.array("addresses").size()).isEqualTo(1_000);
    assertThat(subset.array("ports").get(0))
        .hasToString("{\"name\":\"http\",\"port\":8080,\"protocol\":\"TCP\"}");
  }
}
