package dev.nacelle.scheduler.plugin;

import dev.nacelle.scheduler.cluster.ClusterSnapshot;
import dev.nacelle.scheduler.cluster.NodeInfo;
import dev.nacelle.scheduler.cluster.PendingPod;
import dev.nacelle.scheduler.cluster.PodFacts;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Pods of lower priority make room: on each node as few and as unimportant ones as will do; of all
 * nodes, the one whose most important victim is the least, then the smallest sum of priorities, the
 * fewest victims, the youngest.
 */
record PriorityPreemption() implements PreemptPlugin {
  private static final Comparator<PodFacts> IMPORTANT_FIRST =
      Comparator.comparingInt(PodFacts::priority)
          .reversed()
          .thenComparing(PodFacts::startTime)
          .thenComparing(PodFacts::uid);
  private static final Comparator<Answer.Preempt> BEST =
      Comparator.comparingInt(PriorityPreemption::highestPriority)
          .thenComparingLong(PriorityPreemption::sumOfPriorities)
          .thenComparingInt(a -> a.victims().size())
          .thenComparing(Comparator.comparing(PriorityPreemption::earliestStart).reversed());

  @Override
  public Answer preempt(
      PendingPod pod,
      ClusterSnapshot snapshot,
      Map<String, Verdict.Refused> refusals,
      List<FilterPlugin.Test> filters) {
    if (!pod.mayPreempt()) {
      return new Answer.Futile("not eligible due to preemptionPolicy=Never.");
    }
    if (isWaitingForVictims(pod, snapshot, refusals)) {
      return new Answer.Futile("not eligible due to terminating pod on the nominated node.");
    }
    var candidates = new ArrayList<Answer.Preempt>();
    var reasons = new Reasons();
    for (NodeInfo node : snapshot.nodes()) {
      Verdict.Refused refusal = refusals.get(node.name());
      if (refusal == null || refusal.cure() == Verdict.Cure.NONE) {
        reasons.add("Preemption is not helpful for scheduling");
        continue;
      }
      victims(pod, node, filters, reasons)
          .ifPresent(v -> candidates.add(new Answer.Preempt(node.name(), v)));
    }
    Optional<Answer> best = candidates.stream().min(BEST).map(Answer.class::cast);
    return best.orElseGet(() -> new Answer.Futile(reasons.message(snapshot.nodes().size())));
  }

  /** Earlier victims are still on their way out. */
  private static boolean isWaitingForVictims(
      PendingPod pod, ClusterSnapshot snapshot, Map<String, Verdict.Refused> refusals) {
    Verdict.Refused refusal = refusals.get(pod.nominatedNode());
    if (refusal == null || refusal.cure() == Verdict.Cure.NONE) {
      return false;
    }
    return snapshot.nodes().stream()
        .filter(n -> n.name().equals(pod.nominatedNode()))
        .flatMap(n -> n.pods().stream())
        .anyMatch(p -> p.terminating() && p.priority() < pod.priority());
  }

  private static Optional<List<PodFacts>> victims(
      PendingPod pod, NodeInfo node, List<FilterPlugin.Test> filters, Reasons reasons) {
    List<PodFacts> lower = node.pods().stream().filter(p -> p.priority() < pod.priority()).toList();
    if (lower.isEmpty()) {
      reasons.add("No preemption victims found for incoming pod");
      return Optional.empty();
    }
    NodeInfo emptied = node;
    for (PodFacts victim : lower) {
      emptied = emptied.without(victim.uid());
    }
    Verdict verdict = Filtering.test(emptied, filters);
    if (verdict instanceof Verdict.Refused refused) {
      refused.reasons().forEach(reasons::add);
      return Optional.empty();
    }
    var victims = new ArrayList<PodFacts>();
    for (PodFacts spared : lower.stream().sorted(IMPORTANT_FIRST).toList()) {
      NodeInfo fuller = emptied.with(spared);
      if (Filtering.test(fuller, filters) instanceof Verdict.Fits) {
        emptied = fuller;
      } else {
        victims.add(spared);
      }
    }
    return Optional.of(victims);
  }

  private static int highestPriority(Answer.Preempt answer) {
    return answer.victims().stream().mapToInt(PodFacts::priority).max().orElse(Integer.MIN_VALUE);
  }

  private static long sumOfPriorities(Answer.Preempt answer) {
    // shifted, so that many very low ones do not weigh less than one
    return answer.victims().stream().mapToLong(p -> (long) p.priority() + (1L << 31)).sum();
  }

  private static Instant earliestStart(Answer.Preempt answer) {
    int highest = highestPriority(answer);
    return answer.victims().stream()
        .filter(p -> p.priority() == highest)
        .map(PodFacts::startTime)
        .min(Comparator.naturalOrder())
        .orElse(Instant.MAX);
  }
}
