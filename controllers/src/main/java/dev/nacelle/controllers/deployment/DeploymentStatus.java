package dev.nacelle.controllers.deployment;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.controllers.shared.Conditions;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The status of a Deployment: counts and conditions with upstream's reasons and messages. */
final class DeploymentStatus {
  private static final String PROGRESSING = "Progressing";
  private static final String DONE = "NewReplicaSetAvailable";
  private static final String TIMED_OUT = "ProgressDeadlineExceeded";
  private static final String FAILURE = "ReplicaFailure";

  private final KubeObject deployment;
  private final RolloutSettings settings;
  private final Instant now;

  DeploymentStatus(KubeObject deployment, RolloutSettings settings, Instant now) {
    this.deployment = deployment;
    this.settings = settings;
    this.now = now;
  }

  /** The counts of the sets, the condition Available, and the other conditions as they were. */
  JsonObject counted(JsonObject before, Collection<KubeObject> sets, Optional<KubeObject> fresh) {
    List<KubeObject> newest = fresh.stream().toList();
    int available = Sets.totalStatus(sets, "availableReplicas");
    var status = JsonObject.builder().put("observedGeneration", deployment.generation());
    putPositive(status, "replicas", Sets.totalStatus(sets, "replicas"));
    putPositive(status, "updatedReplicas", Sets.totalStatus(newest, "replicas"));
    putPositive(status, "readyReplicas", Sets.totalStatus(sets, "readyReplicas"));
    putPositive(status, "availableReplicas", available);
    putPositive(status, "unavailableReplicas", Sets.totalReplicas(sets) - available);
    status.put("terminatingReplicas", Sets.totalStatus(sets, "terminatingReplicas"));
    status.putIf("collisionCount", before.get("collisionCount"));
    status.putIf("conditions", before.get("conditions"));
    return available >= settings.leastAvailable()
        ? set(
            status.build(),
            "Available",
            "True",
            "MinimumReplicasAvailable",
            "Deployment has minimum availability.")
        : set(
            status.build(),
            "Available",
            "False",
            "MinimumReplicasUnavailable",
            "Deployment does not have minimum availability.");
  }

  private static void putPositive(JsonObject.Builder status, String name, int count) {
    if (count > 0) {
      status.put(name, count);
    }
  }

  /** Notes that the Deployment was paused, or goes on. */
  JsonObject notingPause(JsonObject status) {
    Optional<String> reason = reason(status);
    if (settings.progressDeadline().isEmpty() || reason.equals(Optional.of(TIMED_OUT))) {
      return status;
    }
    boolean noted = reason.equals(Optional.of("DeploymentPaused"));
    if (settings.paused() && !noted) {
      return set(status, PROGRESSING, "Unknown", "DeploymentPaused", "Deployment is paused");
    }
    if (!settings.paused() && noted) {
      return set(status, PROGRESSING, "Unknown", "DeploymentResumed", "Deployment is resumed");
    }
    return status;
  }

  JsonObject notingNewSet(JsonObject status, KubeObject set, boolean created) {
    if (settings.progressDeadline().isEmpty()) {
      return status;
    }
    if (created) {
      return set(
          status,
          PROGRESSING,
          "True",
          "NewReplicaSetCreated",
          "Created new replica set \"" + set.name() + "\"");
    }
    return reason(status).isPresent()
        ? status
        : set(
            status,
            PROGRESSING,
            "True",
            "FoundNewReplicaSet",
            "Found new replica set \"" + set.name() + "\"");
  }

  /** The counts, and how the rollout goes on. */
  JsonObject ofRollout(JsonObject before, Collection<KubeObject> sets, Optional<KubeObject> fresh) {
    JsonObject status = withProgress(counted(before, sets, fresh), fresh);
    Optional<JsonObject> failure =
        Stream.concat(fresh.stream(), sets.stream())
            .flatMap(set -> Conditions.find(set.status(), FAILURE).stream())
            .findFirst();
    return failure
        .map(
            f ->
                set(
                    status,
                    FAILURE,
                    f.string("status").orElse("True"),
                    f.string("reason").orElse(""),
                    f.string("message").orElse("")))
        .orElseGet(() -> Conditions.remove(status, FAILURE));
  }

  private JsonObject withProgress(JsonObject status, Optional<KubeObject> fresh) {
    if (settings.progressDeadline().isEmpty()) {
      return Conditions.remove(status, PROGRESSING);
    }
    boolean wasComplete =
        count(status, "replicas") == count(status, "updatedReplicas")
            && reason(status).equals(Optional.of(DONE));
    if (wasComplete) {
      return status;
    }
    String subject =
        fresh
            .map(set -> "ReplicaSet \"" + set.name() + "\"")
            .orElse("Deployment \"" + deployment.name() + "\"");
    if (isComplete(status)) {
      return set(status, PROGRESSING, "True", DONE, subject + " has successfully progressed.");
    }
    if (hasMoved(status)) {
      // each movement counts anew against the deadline
      JsonObject renewed =
          Conditions.set(
              status, PROGRESSING, "True", "ReplicaSetUpdated", subject + " is progressing.", now);
      return withUpdateTime(renewed, PROGRESSING);
    }
    if (isTimedOut(status)) {
      return set(status, PROGRESSING, "False", TIMED_OUT, subject + " has timed out progressing.");
    }
    return status;
  }

  boolean isComplete(JsonObject status) {
    return count(status, "updatedReplicas") == settings.replicas()
        && count(status, "replicas") == settings.replicas()
        && count(status, "availableReplicas") == settings.replicas()
        && count(status, "observedGeneration") >= deployment.generation();
  }

  private boolean hasMoved(JsonObject status) {
    JsonObject old = deployment.status();
    return count(status, "updatedReplicas") > count(old, "updatedReplicas")
        || outdated(status) < outdated(old)
        || count(status, "readyReplicas") > count(old, "readyReplicas")
        || count(status, "availableReplicas") > count(old, "availableReplicas");
  }

  private static long outdated(JsonObject status) {
    return count(status, "replicas") - count(status, "updatedReplicas");
  }

  private boolean isTimedOut(JsonObject status) {
    String reason = reason(status).orElse(DONE);
    return reason.equals(TIMED_OUT)
        || (!reason.equals(DONE) && deadline(status).filter(at -> at.isBefore(now)).isPresent());
  }

  private Optional<Instant> deadline(JsonObject status) {
    return Conditions.find(status, PROGRESSING)
        .flatMap(c -> Conditions.time(c, "lastUpdateTime"))
        .flatMap(updated -> settings.progressDeadline().map(updated::plus));
  }

  /** How long until the deadline has to be looked at, while the rollout goes on. */
  Optional<Duration> checkAgain(JsonObject status) {
    String reason = reason(status).orElse(TIMED_OUT);
    if (settings.paused() || isComplete(status) || reason.equals(TIMED_OUT)) {
      return Optional.empty();
    }
    return deadline(status)
        .map(at -> Duration.between(now, at).plusSeconds(1))
        .map(wait -> wait.isPositive() ? wait : Duration.ofSeconds(1));
  }

  /** Sets a condition; one with the same status and reason is left as it is. */
  private JsonObject set(
      JsonObject status, String type, String value, String reason, String message) {
    boolean same =
        Conditions.find(status, type)
            .filter(c -> c.string("status").orElse("").equals(value))
            .filter(c -> c.string("reason").orElse("").equals(reason))
            .isPresent();
    return same
        ? status
        : withUpdateTime(Conditions.set(status, type, value, reason, message, now), type);
  }

  private JsonObject withUpdateTime(JsonObject status, String type) {
    JsonObject condition = Conditions.find(status, type).orElseThrow();
    return Conditions.put(
        status, condition.with("lastUpdateTime", Json.of(KubeObject.formatTime(now))));
  }

  private static Optional<String> reason(JsonObject status) {
    return Conditions.find(status, PROGRESSING).flatMap(c -> c.string("reason"));
  }

  private static long count(JsonObject status, String name) {
    return status.integer(name).orElse(0);
  }
}
