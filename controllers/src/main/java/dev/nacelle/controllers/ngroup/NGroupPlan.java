package dev.nacelle.controllers.ngroup;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.controllers.shared.OwnerKind;
import dev.nacelle.controllers.shared.PodRanking;
import dev.nacelle.controllers.shared.PodStates;
import dev.nacelle.controllers.shared.TemplatePods;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The pods that an NGroup is to create or delete.
 *
 * @param made how many groups it has been asked to make so far: without {@code maintainReplicas} a
 *     lost one is not made again
 */
record NGroupPlan(List<KubeObject> create, List<KubeObject> delete, int made) {
  static final String MADE = "containers.nacelle.dev/made-replicas";
  private static final int BURST = 500;

  NGroupPlan {
    create = List.copyOf(create);
    delete = List.copyOf(delete);
  }

  /**
   * @param revision what new groups are made from
   * @param pods all that the NGroup controls, whatever their state
   * @param names of all pods of the namespace
   */
  static NGroupPlan of(
      KubeObject group,
      KubeObject revision,
      List<KubeObject> pods,
      Set<String> names,
      Instant now) {
    List<KubeObject> living = living(group, pods);
    int wanted = replicas(group);
    int made = maintains(group) ? living.size() : Math.max(made(group), living.size());
    if (wanted > made) {
      int count = Math.min(BURST, wanted - made);
      return new NGroupPlan(create(group, revision, names, living, count), List.of(), made + count);
    }
    int excess = Math.min(BURST, Math.max(0, living.size() - wanted));
    return new NGroupPlan(List.of(), delete(group, living, excess, now), wanted);
  }

  /** The pods that count as groups. */
  static List<KubeObject> living(KubeObject group, List<KubeObject> pods) {
    return maintains(group)
        ? pods.stream().filter(PodStates::isActive).toList()
        : pods.stream().filter(pod -> !pod.isBeingDeleted()).toList();
  }

  static int replicas(KubeObject group) {
    return (int) group.spec().integer("replicas").orElse(1);
  }

  private static boolean maintains(KubeObject group) {
    return group.spec().bool("maintainReplicas").orElse(true);
  }

  static int made(KubeObject group) {
    try {
      return Integer.parseInt(group.annotation(MADE).orElse("0"));
    } catch (NumberFormatException e) {
      return 0;
    }
  }

  private static List<String> zones(KubeObject group) {
    return group.spec().array("zones").strings().toList();
  }

  private static Map<String, Integer> perZone(List<String> zones, List<KubeObject> living) {
    Map<String, Integer> counts = new LinkedHashMap<>();
    zones.forEach(zone -> counts.put(zone, 0));
    living.forEach(pod -> counts.computeIfPresent(zone(pod), (z, n) -> n + 1));
    return counts;
  }

  private static String zone(KubeObject pod) {
    return pod.spec().string("nodeSelector", GroupLabels.ZONE).orElse("");
  }

  /** New groups take the lowest free numbers, each in the zone that has the fewest. */
  private static List<KubeObject> create(
      KubeObject group,
      KubeObject revision,
      Set<String> names,
      List<KubeObject> living,
      int count) {
    Set<String> taken = new HashSet<>(names);
    Map<String, Integer> perZone = perZone(zones(group), living);
    List<KubeObject> result = new ArrayList<>();
    String prefix =
        group.spec().string("namePrefix").filter(p -> !p.isEmpty()).orElse(group.name());
    for (int ordinal = 0; result.size() < count; ordinal++) {
      String name = prefix + "-" + ordinal;
      if (taken.add(name)) {
        String zone =
            perZone.entrySet().stream()
                .min(Map.Entry.comparingByValue())
                .map(Map.Entry::getKey)
                .orElse("");
        perZone.computeIfPresent(zone, (z, n) -> n + 1);
        result.add(pod(group, revision, name, zone));
      }
    }
    return result;
  }

  private static KubeObject pod(KubeObject group, KubeObject revision, String name, String zone) {
    KubeObject pod =
        TemplatePods.named(ProfilePlan.template(revision), name, OwnerKind.NGROUP, group)
            .withLabel(GroupLabels.NGROUP, group.name())
            .withLabel(GroupLabels.PROFILE, group.spec().string("profileRef", "name").orElse(""))
            .withLabel(GroupLabels.REVISION, Long.toString(ProfilePlan.number(revision)));
    return zone.isEmpty()
        ? pod
        : pod.withSpec(pod.spec().withAt(Json.of(zone), "nodeSelector", GroupLabels.ZONE));
  }

  /** Those in no zone of the list go first, then always one of the zone that has the most. */
  private static List<KubeObject> delete(
      KubeObject group, List<KubeObject> living, int excess, Instant now) {
    if (excess == 0) {
      return List.of();
    }
    List<KubeObject> ranked = new ArrayList<>(PodRanking.deletionOrder(living, living, now));
    List<String> zones = zones(group);
    if (zones.isEmpty()) {
      return ranked.subList(0, excess);
    }
    Map<String, Integer> perZone = perZone(zones, living);
    List<KubeObject> result = new ArrayList<>();
    while (result.size() < excess) {
      KubeObject next =
          ranked.stream()
              .min(
                  Comparator.comparing((KubeObject pod) -> perZone.containsKey(zone(pod)))
                      .thenComparing(
                          pod -> perZone.getOrDefault(zone(pod), 0), Comparator.reverseOrder()))
              .orElseThrow();
      ranked.remove(next);
      perZone.computeIfPresent(zone(next), (z, n) -> n - 1);
      result.add(next);
    }
    return result;
  }

  /** A label value that selects the group's pods, as a query. */
  static String selector(KubeObject group) {
    return GroupLabels.NGROUP + "=" + group.name();
  }

  /** The counts, without conditions. */
  static JsonObject counted(KubeObject group, List<KubeObject> pods, long revision) {
    List<KubeObject> living = living(group, pods);
    String wanted = Long.toString(revision);
    return group.status().toBuilder()
        .put("observedGeneration", group.generation())
        .put("replicas", living.size())
        .put("readyReplicas", living.stream().filter(PodStates::isReady).count())
        .put(
            "updatedReplicas",
            living.stream()
                .filter(pod -> pod.label(GroupLabels.REVISION).orElse("").equals(wanted))
                .count())
        .put("selector", selector(group))
        .build();
  }
}
