package dev.nacelle.controllers.shared;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.base.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Which pods to delete first when there are too many, in upstream's order: not scheduled, not
 * running, not ready, cheaper to delete, on a node with more of their kind, ready for less time,
 * restarted more often, younger. Times are compared by their order of magnitude, ties by UID.
 */
public final class PodRanking {
  private static final String DELETION_COST = "controller.kubernetes.io/pod-deletion-cost";

  private PodRanking() {}

  /**
   * The pods, those to delete first at the front.
   *
   * @param related the active pods that count for the spread over nodes
   */
  public static List<KubeObject> deletionOrder(
      List<KubeObject> pods, List<KubeObject> related, Instant now) {
    Map<String, Integer> perNode = new HashMap<>();
    for (KubeObject pod : related) {
      if (PodStates.isActive(pod)) {
        perNode.merge(PodStates.nodeName(pod), 1, Integer::sum);
      }
    }
    return pods.stream()
        .map(pod -> Ranked.of(pod, perNode, now))
        .sorted(ORDER)
        .map(Ranked::pod)
        .toList();
  }

  private record Ranked(
      KubeObject pod,
      boolean assigned,
      int phase,
      boolean ready,
      int deletionCost,
      int neighbours,
      int readyMagnitude,
      long appRestarts,
      long sidecarRestarts,
      int ageMagnitude) {

    static Ranked of(KubeObject pod, Map<String, Integer> perNode, Instant now) {
      String node = PodStates.nodeName(pod);
      Optional<Instant> readySince = PodStates.readySince(pod);
      return new Ranked(
          pod,
          !node.isEmpty(),
          phaseRank(PodStates.phase(pod)),
          readySince.isPresent(),
          cost(pod),
          perNode.getOrDefault(node, 0),
          magnitude(readySince, now),
          restarts(pod, "containerStatuses"),
          restarts(pod, "initContainerStatuses"),
          magnitude(pod.creationTimestamp(), now));
    }
  }

  private static final Comparator<Ranked> ORDER =
      Comparator.comparing(Ranked::assigned)
          .thenComparingInt(Ranked::phase)
          .thenComparing(Ranked::ready)
          .thenComparingInt(Ranked::deletionCost)
          .thenComparing(Comparator.comparingInt(Ranked::neighbours).reversed())
          .thenComparingInt(Ranked::readyMagnitude)
          .thenComparing(Comparator.comparingLong(Ranked::appRestarts).reversed())
          .thenComparing(Comparator.comparingLong(Ranked::sidecarRestarts).reversed())
          .thenComparingInt(Ranked::ageMagnitude)
          .thenComparing(ranked -> ranked.pod().uid());

  private static int phaseRank(String phase) {
    return switch (phase) {
      case "Pending", "" -> 0;
      case "Unknown" -> 1;
      default -> 2;
    };
  }

  private static int cost(KubeObject pod) {
    return pod.annotation(DELETION_COST)
        .map(
            text -> {
              try {
                return Integer.parseInt(text);
              } catch (NumberFormatException e) {
                return 0;
              }
            })
        .orElse(0);
  }

  private static int magnitude(Optional<Instant> since, Instant now) {
    if (since.isEmpty()) {
      return -1;
    }
    long seconds = Duration.between(since.get(), now).toSeconds();
    return seconds <= 0 ? 0 : 64 - Long.numberOfLeadingZeros(seconds);
  }

  private static long restarts(KubeObject pod, String statuses) {
    return pod.status()
        .array(statuses)
        .objects()
        .mapToLong((JsonObject s) -> s.integer("restartCount").orElse(0))
        .max()
        .orElse(0);
  }
}
