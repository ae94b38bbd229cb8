package dev.nacelle.node.pod;

import dev.nacelle.runtime.ContainerStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What to do next for a pod that is not being deleted: a pure function of its specification and its
 * containers, after the kubelet's {@code computePodActions}.
 *
 * @param start containers to start now, in this order
 * @param stop containers to stop now: sidecars, the last one first, once the regular containers are
 *     done
 * @param crashLoops containers that wait out their back-off, and until when
 * @param terminal set when nothing runs and nothing will run any more
 * @param wakeAt when to look again by itself
 */
record PodPlan(
    List<ContainerView> start,
    List<ContainerView> stop,
    Map<String, Instant> crashLoops,
    Optional<Terminal> terminal,
    Optional<Instant> wakeAt) {

  /** The end of a pod. */
  enum Terminal {
    SUCCEEDED,
    FAILED
  }

  static final Duration FIRST_BACKOFF = Duration.ofSeconds(10);
  static final Duration MAX_BACKOFF = Duration.ofMinutes(5);

  /** A container that ran this long starts its back-off anew. */
  static final Duration STABLE = Duration.ofMinutes(10);

  /**
   * The wait after {@code failures} ends in a row: none after the first, then 10 s doubling to 5
   * minutes.
   */
  static Duration backoff(int failures) {
    if (failures <= 1) {
      return Duration.ZERO;
    }
    Duration wait = FIRST_BACKOFF.multipliedBy(1L << Math.min(failures - 2, 6));
    return wait.compareTo(MAX_BACKOFF) > 0 ? MAX_BACKOFF : wait;
  }

  /** The ends in a row that count after one more. */
  static int failuresAfter(int before, ContainerStatus ended) {
    Instant began = ended.startedAt().orElse(ended.createdAt());
    Duration ran = Duration.between(began, ended.exit().orElseThrow().finishedAt());
    return ran.compareTo(STABLE) >= 0 ? 1 : before + 1;
  }

  /**
   * @param sandboxId the present sandbox; what ran in another one runs no more, and init containers
   *     run again before the others. Empty as long as there is none
   */
  static PodPlan of(
      PodView pod,
      Map<String, ContainerRecord> containers,
      Optional<String> sandboxId,
      Instant now) {
    return new Planner(pod, containers, sandboxId, now).plan();
  }

  /** The containers to end now of a pod that is to end: regular ones, then sidecars in turn. */
  static List<ContainerView> toEnd(PodView pod, Map<String, ContainerRecord> containers) {
    List<ContainerView> running =
        pod.containers().stream()
            .filter(c -> containers.getOrDefault(c.name(), ContainerRecord.NEW).isRunning())
            .toList();
    List<ContainerView> first =
        running.stream().filter(c -> c.role() != ContainerView.Role.SIDECAR).toList();
    return first.isEmpty() && !running.isEmpty() ? List.of(running.getLast()) : first;
  }

  /** How a pod has ended whose containers have all ended. */
  static Terminal outcome(PodView pod, Map<String, ContainerRecord> containers) {
    boolean succeeded =
        pod.regularContainers()
            .allMatch(
                c ->
                    containers
                        .getOrDefault(c.name(), ContainerRecord.NEW)
                        .exitCode()
                        .filter(code -> code == 0)
                        .isPresent());
    return succeeded ? Terminal.SUCCEEDED : Terminal.FAILED;
  }

  /** One planning; not kept. */
  private static final class Planner {
    private final PodView pod;
    private final Map<String, ContainerRecord> containers;
    private final Optional<String> sandboxId;
    private final Instant now;
    private final List<ContainerView> start = new ArrayList<>();
    private final Map<String, Instant> crashLoops = new LinkedHashMap<>();
    private Optional<Instant> wakeAt = Optional.empty();

    Planner(
        PodView pod,
        Map<String, ContainerRecord> containers,
        Optional<String> sandboxId,
        Instant now) {
      this.pod = pod;
      this.containers = containers;
      this.sandboxId = sandboxId;
      this.now = now;
    }

    PodPlan plan() {
      List<ContainerView> regular = pod.regularContainers().toList();
      if (regular.stream().allMatch(this::isOver) || initFailed()) {
        return over();
      }
      boolean regularBegan = regular.stream().anyMatch(this::beganHere);
      if (regularBegan) {
        pod.sidecars().forEach(this::startIfDue);
      }
      if (regularBegan || initDone()) {
        regular.forEach(this::startIfDue);
        pod.ephemeralContainers().forEach(this::startIfDue);
      }
      return new PodPlan(start, List.of(), crashLoops, Optional.empty(), wakeAt);
    }

    /**
     * Walks the init containers; starts the next one that is due. True when regular containers may
     * start.
     */
    private boolean initDone() {
      for (ContainerView container : pod.initContainers().toList()) {
        ContainerRecord record = record(container);
        if (container.role() == ContainerView.Role.SIDECAR) {
          startIfDue(container);
          if (!record.isRunning() || !record.probes().started()) {
            return false;
          }
        } else if (!beganHere(container) || record.exitCode().filter(c -> c == 0).isEmpty()) {
          startIfDue(container);
          return false;
        }
      }
      return true;
    }

    private boolean initFailed() {
      return pod.initContainers()
          .filter(c -> c.role() == ContainerView.Role.INIT)
          .anyMatch(c -> record(c).exitCode().filter(code -> code != 0).isPresent() && isOver(c));
    }

    private PodPlan over() {
      List<ContainerView> stop = toEnd(pod, containers);
      Optional<Terminal> terminal =
          stop.isEmpty() ? Optional.of(outcome(pod, containers)) : Optional.empty();
      return new PodPlan(List.of(), stop, Map.of(), terminal, Optional.empty());
    }

    /** Ended and never to be started again. */
    private boolean isOver(ContainerView container) {
      return record(container)
          .exitCode()
          .filter(code -> !container.restartsAfter(pod, code))
          .isPresent();
    }

    /** Whether it was started in the present sandbox. */
    private boolean beganHere(ContainerView container) {
      return record(container)
          .status()
          .filter(s -> sandboxId.filter(s.sandboxId()::equals).isPresent())
          .isPresent();
    }

    private void startIfDue(ContainerView container) {
      ContainerRecord record = record(container);
      boolean again = container.role() == ContainerView.Role.INIT && !beganHere(container);
      if (record.isRunning() || (isOver(container) && !again)) {
        return;
      }
      Optional<Instant> due = record.retryAt();
      if (due.isPresent() && due.get().isAfter(now)) {
        if (record.hasExited()) {
          crashLoops.put(container.name(), due.get());
        }
        wakeAt = Optional.of(wakeAt.filter(w -> w.isBefore(due.get())).orElse(due.get()));
        return;
      }
      start.add(container);
    }

    private ContainerRecord record(ContainerView container) {
      return containers.getOrDefault(container.name(), ContainerRecord.NEW);
    }
  }
}
