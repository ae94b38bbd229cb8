package dev.nacelle.controllers.ngroup;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.controllers.shared.Conditions;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** The status of an NGroup. */
final class NGroupStatus {
  private NGroupStatus() {}

  /** What is wrong, as a condition says it. */
  record Problem(String reason, String message) {}

  /**
   * @param missing why there is nothing to make groups from
   * @param failure why groups could not be made or deleted
   */
  static JsonObject of(
      KubeObject group,
      List<KubeObject> pods,
      long revision,
      Optional<Problem> missing,
      Optional<Problem> failure,
      Instant now) {
    long generation = group.generation();
    JsonObject status = NGroupPlan.counted(group, pods, revision);
    Problem found = new Problem("ProfileFound", "revision " + revision);
    Problem profile = missing.orElse(found);
    status =
        Conditions.setObserved(
            status,
            "ProfileResolved",
            missing.isEmpty() ? "True" : "False",
            profile.reason(),
            profile.message(),
            generation,
            now);
    long ready = status.integer("readyReplicas").orElse(0);
    int wanted = NGroupPlan.replicas(group);
    status =
        Conditions.setObserved(
            status,
            "Ready",
            ready >= wanted ? "True" : "False",
            ready >= wanted ? "GroupsReady" : "GroupsNotReady",
            ready + " of " + wanted + " groups are ready",
            generation,
            now);
    if (failure.isEmpty()) {
      return Conditions.remove(status, "ReplicaFailure");
    }
    return Conditions.setObserved(
        status,
        "ReplicaFailure",
        "True",
        failure.get().reason(),
        failure.get().message(),
        generation,
        now);
  }
}
