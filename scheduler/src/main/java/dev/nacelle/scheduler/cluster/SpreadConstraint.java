package dev.nacelle.scheduler.cluster;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.selector.LabelSelector;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.base.json.JsonObject;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** A {@code TopologySpreadConstraint}. */
public record SpreadConstraint(
    String topologyKey,
    int maxSkew,
    int minDomains,
    When when,
    LabelSelector selector,
    Policy nodeAffinityPolicy,
    Policy nodeTaintsPolicy) {

  /** What to do with a pod that would break it. */
  public enum When {
    DO_NOT_SCHEDULE,
    SCHEDULE_ANYWAY
  }

  /** Whether nodes that the pod cannot go to count as domains. */
  public enum Policy {
    HONOR,
    IGNORE
  }

  static List<SpreadConstraint> of(KubeObject pod) {
    return pod.spec()
        .array("topologySpreadConstraints")
        .objects()
        .flatMap(json -> read(json, pod.labels()))
        .toList();
  }

  private static Stream<SpreadConstraint> read(JsonObject json, Map<String, String> labels) {
    try {
      return Stream.of(
          new SpreadConstraint(
              json.string("topologyKey").orElse(""),
              (int) json.integer("maxSkew").orElse(1),
              (int) json.integer("minDomains").orElse(1),
              json.string("whenUnsatisfiable").orElse("").equals("ScheduleAnyway")
                  ? When.SCHEDULE_ANYWAY
                  : When.DO_NOT_SCHEDULE,
              selector(json, labels),
              policy(json, "nodeAffinityPolicy", Policy.HONOR),
              policy(json, "nodeTaintsPolicy", Policy.IGNORE)));
    } catch (ApiException e) {
      return Stream.empty(); // the API refuses such selectors
    }
  }

  private static LabelSelector selector(JsonObject json, Map<String, String> labels) {
    JsonObject selector = json.object("labelSelector");
    if (json.find("labelSelector").isEmpty()) {
      return LabelSelector.NOTHING;
    }
    var matchLabels = new HashMap<>(selector.strings("matchLabels"));
    json.array("matchLabelKeys")
        .strings()
        .filter(labels::containsKey)
        .forEach(key -> matchLabels.put(key, labels.get(key)));
    JsonObject merged =
        matchLabels.isEmpty()
            ? selector
            : selector.toBuilder().putStrings("matchLabels", matchLabels).build();
    return LabelSelector.of(merged);
  }

  private static Policy policy(JsonObject json, String name, Policy absent) {
    return switch (json.string(name).orElse("")) {
      case "Honor" -> Policy.HONOR;
      case "Ignore" -> Policy.IGNORE;
      default -> absent;
    };
  }
}
