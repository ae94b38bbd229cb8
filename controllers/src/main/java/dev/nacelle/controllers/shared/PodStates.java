package dev.nacelle.controllers.shared;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.base.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** What a pod's status says. */
public final class PodStates {
  private PodStates() {}

  public static String phase(KubeObject pod) {
    return pod.status().string("phase").orElse("");
  }

  /** Whether all its containers have ended for good. */
  public static boolean isFinished(KubeObject pod) {
    String phase = phase(pod);
    return phase.equals("Succeeded") || phase.equals("Failed");
  }

  /** Neither finished nor being deleted. */
  public static boolean isActive(KubeObject pod) {
    return !isFinished(pod) && !pod.isBeingDeleted();
  }

  /** Being deleted, and not finished yet. */
  public static boolean isTerminating(KubeObject pod) {
    return !isFinished(pod) && pod.isBeingDeleted();
  }

  public static boolean isReady(KubeObject pod) {
    return condition(pod, "Ready").flatMap(c -> c.string("status")).orElse("").equals("True");
  }

  /** Since when the pod is ready; empty if it is not. */
  public static Optional<Instant> readySince(KubeObject pod) {
    return condition(pod, "Ready")
        .filter(c -> c.string("status").orElse("").equals("True"))
        .map(c -> Conditions.time(c, "lastTransitionTime").orElse(Instant.EPOCH));
  }

  /** Ready for at least so long. */
  public static boolean isAvailable(KubeObject pod, Duration minReady, Instant now) {
    return readySince(pod)
        .filter(since -> minReady.isZero() || !since.plus(minReady).isAfter(now))
        .isPresent();
  }

  public static String nodeName(KubeObject pod) {
    return pod.spec().string("nodeName").orElse("");
  }

  public static Optional<JsonObject> condition(KubeObject object, String type) {
    return Conditions.find(object.status(), type);
  }
}
