package dev.nacelle.controllers.ngroup;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.base.json.Json;
import dev.nacelle.controllers.Yaml;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

final class NGroupPlanTest {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
  private static final KubeObject REVISION =
      Yaml.object(
          "{metadata: {name: r}, revision: 3, data: {metadata: {labels: {app: x}}, spec: {}}}");

  private static KubeObject group(int replicas, String more) {
    return Yaml.object(
        "{metadata: {name: g, namespace: d, uid: g %s}, spec: {replicas: %d, profileRef: {name: p}"
            + " %s}}",
        more.startsWith("annotations") ? ", " + more : "",
        replicas,
        more.startsWith("annotations") ? ", maintainReplicas: false" : more);
  }

  private static NGroupPlan plan(KubeObject group, List<KubeObject> pods) {
    Set<String> names = pods.stream().map(KubeObject::name).collect(Collectors.toSet());
    return NGroupPlan.of(group, REVISION, pods, names, NOW);
  }

  private static List<String> names(List<KubeObject> pods) {
    return pods.stream().map(KubeObject::name).toList();
  }

  @Test
  void groupsAreNumberedAndLabelled() {
    NGroupPlan plan = plan(group(2, ", namePrefix: web"), List.of());
    assertThat(names(plan.create())).containsExactly("web-0", "web-1");
    assertThat(plan.create().getFirst().labels())
        .containsEntry("app", "x")
        .containsEntry("containers.nacelle.dev/ngroup", "g")
        .containsEntry("containers.nacelle.dev/profile", "p")
        .containsEntry("containers.nacelle.dev/revision", "3");
  }

  @Test
  void aLostGroupIsReplacedUnderAFreeName() {
    List<KubeObject> pods = new ArrayList<>(plan(group(3, ""), List.of()).create());
    pods.set(1, pods.get(1).withMetadata("deletionTimestamp", Json.of("2026-01-01T00:00:00Z")));
    assertThat(names(plan(group(3, ""), pods).create())).containsExactly("g-3");
  }

  @Test
  void withoutMaintainReplicasALostGroupStaysLost() {
    String made = "annotations: {containers.nacelle.dev/made-replicas: \"%d\"}";
    List<KubeObject> two = plan(group(2, ""), List.of()).create();
    assertThat(plan(group(3, made.formatted(3)), two).create()).isEmpty();
    NGroupPlan more = plan(group(4, made.formatted(3)), two);
    assertThat(more.create()).hasSize(1);
    assertThat(more.made()).isEqualTo(4);
    NGroupPlan fewer = plan(group(1, made.formatted(3)), two);
    assertThat(fewer.delete()).hasSize(1);
    assertThat(fewer.made()).isEqualTo(1);
  }

  @Test
  void zonesDifferByAtMostOneHoweverOftenItIsScaled() {
    for (long seed = 0; seed < 100; seed++) {
      var random = new Random(seed);
      List<KubeObject> pods = new ArrayList<>();
      for (int step = 0; step < 10; step++) {
        int replicas = random.nextInt(12);
        NGroupPlan plan = plan(group(replicas, ", zones: [a, b, c]"), pods);
        plan.create().forEach(p -> pods.add(p.withMetadata("uid", Json.of(p.name()))));
        pods.removeIf(p -> names(plan.delete()).contains(p.name()));
        assertThat(pods).as("seed %d", seed).hasSize(replicas);
        var counts =
            List.of("a", "b", "c").stream()
                .map(
                    zone ->
                        pods.stream()
                            .filter(
                                p ->
                                    p.spec()
                                        .string("nodeSelector", "topology.kubernetes.io/zone")
                                        .orElse("")
                                        .equals(zone))
                            .count())
                .sorted()
                .toList();
        assertThat(counts.getLast() - counts.getFirst()).as("seed %d", seed).isLessThanOrEqualTo(1);
      }
    }
  }

  @Test
  void eachTemplateIsOneRevision() {
    KubeObject one = profile("one");
    ProfilePlan first = ProfilePlan.of(one, List.of(), Set.of(), NOW);
    KubeObject r1 = first.create().orElseThrow();
    assertThat(ProfilePlan.number(r1)).isEqualTo(1);
    assertThat(ProfilePlan.of(one, List.of(r1), Set.of(), NOW).create()).isEmpty();
    KubeObject r2 =
        ProfilePlan.of(profile("two"), List.of(r1), Set.of(), NOW).create().orElseThrow();
    assertThat(ProfilePlan.number(r2)).isEqualTo(2);
    ProfilePlan back = ProfilePlan.of(one, List.of(r1, r2), Set.of(), NOW);
    assertThat(back.create()).isEmpty();
    assertThat(back.status().integer("revision")).hasValue(1);
  }

  private static KubeObject profile(String image) {
    return Yaml.object(
        "{metadata: {name: p, namespace: d, uid: p}, spec: {template: {spec: {containers: [{image:"
            + " %s}]}}}}",
        image);
  }
}
