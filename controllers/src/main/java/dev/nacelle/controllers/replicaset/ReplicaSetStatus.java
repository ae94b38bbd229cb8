package dev.nacelle.controllers.replicaset;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.controllers.shared.Conditions;
import dev.nacelle.controllers.shared.PodStates;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The status of a ReplicaSet as its pods make it. */
final class ReplicaSetStatus {
  private ReplicaSetStatus() {}

  /** Why pods could not be created or deleted, for the condition ReplicaFailure. */
  record Failure(String reason, String message) {}

  static JsonObject of(
      KubeObject set, List<KubeObject> pods, Optional<Failure> failure, Instant now) {
    Map<String, String> templateLabels = set.spec().strings("template", "metadata", "labels");
    Duration minReady = minReady(set);
    long active = 0;
    long labelled = 0;
    long ready = 0;
    long available = 0;
    long terminating = 0;
    for (KubeObject pod : pods) {
      if (PodStates.isTerminating(pod)) {
        terminating++;
      }
      if (!PodStates.isActive(pod)) {
        continue;
      }
      active++;
      labelled += pod.labels().entrySet().containsAll(templateLabels.entrySet()) ? 1 : 0;
      ready += PodStates.isReady(pod) ? 1 : 0;
      available += PodStates.isAvailable(pod, minReady, now) ? 1 : 0;
    }
    JsonObject old = set.status();
    var counted = JsonObject.builder().put("replicas", active);
    putPositive(counted, "fullyLabeledReplicas", labelled);
    putPositive(counted, "readyReplicas", ready);
    putPositive(counted, "availableReplicas", available);
    counted.put("terminatingReplicas", terminating);
    counted.put("observedGeneration", set.generation());
    counted.putIf("conditions", old.get("conditions"));
    return withFailure(counted.build(), failure, now);
  }

  /** The status with the generation that was observed before. */
  static JsonObject notYetObserved(KubeObject set, JsonObject status) {
    return set.status().has("observedGeneration")
        ? status.toBuilder()
            .putIf("observedGeneration", set.status().get("observedGeneration"))
            .build()
        : status.without("observedGeneration");
  }

  private static JsonObject withFailure(JsonObject status, Optional<Failure> failure, Instant now) {
    if (failure.isEmpty()) {
      return Conditions.remove(status, "ReplicaFailure");
    }
    Failure why = failure.get();
    return Conditions.find(status, "ReplicaFailure").isPresent()
        ? status
        : Conditions.set(status, "ReplicaFailure", "True", why.reason(), why.message(), now);
  }

  private static void putPositive(JsonObject.Builder status, String name, long count) {
    if (count > 0) {
      status.put(name, count);
    }
  }

  static Duration minReady(KubeObject set) {
    return Duration.ofSeconds(set.spec().integer("minReadySeconds").orElse(0));
  }

  /** When the next ready pod becomes available by mere waiting. */
  static Optional<Duration> nextAvailable(KubeObject set, List<KubeObject> pods, Instant now) {
    Duration minReady = minReady(set);
    if (minReady.isZero()) {
      return Optional.empty();
    }
    return pods.stream()
        .filter(PodStates::isActive)
        .flatMap(pod -> PodStates.readySince(pod).stream())
        .map(since -> Duration.between(now, since.plus(minReady)))
        .filter(Duration::isPositive)
        .min(Duration::compareTo);
  }
}
