package dev.nacelle.controllers.node;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.controllers.shared.Conditions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a node's status and taints should say.
 *
 * @param status with Unknown conditions if the node was silent for too long
 * @param podsAreReady false: its pods must not get traffic
 * @param checkAgain when its silence would be too long
 */
record NodeHealthPlan(
    JsonObject status, JsonArray taints, boolean podsAreReady, Optional<Duration> checkAgain) {
  static final Duration GRACE = Duration.ofSeconds(40);
  static final Duration STARTUP_GRACE = Duration.ofSeconds(60);
  static final String NOT_READY = "node.kubernetes.io/not-ready";
  static final String UNREACHABLE = "node.kubernetes.io/unreachable";
  private static final String UNSCHEDULABLE = "node.kubernetes.io/unschedulable";

  /** Conditions whose truth keeps new pods away. */
  private static final Map<String, String> PRESSURES =
      Map.of(
          "MemoryPressure", "node.kubernetes.io/memory-pressure",
          "DiskPressure", "node.kubernetes.io/disk-pressure",
          "PIDPressure", "node.kubernetes.io/pid-pressure",
          "NetworkUnavailable", "node.kubernetes.io/network-unavailable");

  private static final List<String> OBSERVED =
      List.of("Ready", "MemoryPressure", "DiskPressure", "PIDPressure");

  /**
   * @param lastSign when the node was last seen to do something, by our own clock
   */
  static NodeHealthPlan of(KubeObject node, Instant lastSign, Instant now) {
    boolean neverPosted = Conditions.find(node.status(), "Ready").isEmpty();
    Instant deadline = lastSign.plus(neverPosted ? STARTUP_GRACE : GRACE);
    boolean silent = !deadline.isAfter(now);
    JsonObject status = silent ? silenced(node.status(), now) : node.status();
    String ready =
        Conditions.find(status, "Ready").flatMap(c -> c.string("status")).orElse("False");
    return new NodeHealthPlan(
        status,
        taints(node, status, ready, now),
        ready.equals("True"),
        silent ? Optional.empty() : Optional.of(Duration.between(now, deadline).plusMillis(10)));
  }

  private static JsonObject silenced(JsonObject status, Instant now) {
    JsonObject result = status;
    for (String type : OBSERVED) {
      Optional<JsonObject> present = Conditions.find(status, type);
      boolean known =
          present.flatMap(c -> c.string("status")).filter(s -> s.equals("Unknown")).isPresent();
      if (known) {
        continue;
      }
      JsonObject next =
          present.isEmpty()
              ? condition(type, "NodeStatusNeverUpdated", "Kubelet never posted node status.", now)
              : condition(type, "NodeStatusUnknown", "Kubelet stopped posting node status.", now);
      Optional<Json> heartbeat = present.flatMap(c -> c.get("lastHeartbeatTime"));
      result =
          Conditions.put(
              result,
              next.toBuilder()
                  .put("lastHeartbeatTime", heartbeat.orElse(Json.of(KubeObject.formatTime(now))))
                  .build());
    }
    return result;
  }

  private static JsonObject condition(String type, String reason, String message, Instant now) {
    return JsonObject.builder()
        .put("type", type)
        .put("status", "Unknown")
        .put("lastTransitionTime", KubeObject.formatTime(now))
        .put("reason", reason)
        .put("message", message)
        .build();
  }

  /** The taints of others stay as they are; ours follow the conditions. */
  private static JsonArray taints(KubeObject node, JsonObject status, String ready, Instant now) {
    Map<String, JsonObject> wanted = new LinkedHashMap<>();
    if (!ready.equals("True")) {
      String key = ready.equals("Unknown") ? UNREACHABLE : NOT_READY;
      put(wanted, key, "NoSchedule", now);
      put(wanted, key, "NoExecute", now);
    }
    PRESSURES.forEach(
        (type, key) -> {
          boolean pressed =
              Conditions.find(status, type)
                  .flatMap(c -> c.string("status"))
                  .filter(s -> s.equals("True"))
                  .isPresent();
          if (pressed) {
            put(wanted, key, "NoSchedule", now);
          }
        });
    if (node.spec().bool("unschedulable").orElse(false)) {
      put(wanted, UNSCHEDULABLE, "NoSchedule", now);
    }
    List<Json> result = new ArrayList<>();
    for (JsonObject present : node.spec().array("taints").objects().toList()) {
      String name = name(present);
      if (wanted.remove(name) != null || !isOurs(present)) {
        result.add(present);
      }
    }
    result.addAll(wanted.values());
    return new JsonArray(result);
  }

  private static boolean isOurs(JsonObject taint) {
    String key = taint.string("key").orElse("");
    String effect = taint.string("effect").orElse("");
    if (key.equals(NOT_READY) || key.equals(UNREACHABLE)) {
      return effect.equals("NoSchedule") || effect.equals("NoExecute");
    }
    return effect.equals("NoSchedule")
        && (key.equals(UNSCHEDULABLE) || PRESSURES.containsValue(key));
  }

  private static String name(JsonObject taint) {
    return taint.string("key").orElse("") + ":" + taint.string("effect").orElse("");
  }

  private static void put(Map<String, JsonObject> taints, String key, String effect, Instant now) {
    var taint = JsonObject.builder().put("key", key).put("effect", effect);
    taint.put("timeAdded", KubeObject.formatTime(now));
    taints.put(key + ":" + effect, taint.build());
  }
}
