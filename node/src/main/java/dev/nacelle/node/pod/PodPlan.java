package dev.nacelle.node.pod;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What to do next for a pod that is not being deleted: a pure function of its specification and its
 * containers, after the kubelet's {@code computePodActions}.
 *
 * @param start containers to start now, in this order
 * @param stop containers to stop now: sidecars once the regular containers are done
 * @param crashLoops containers that wait out their back-off, and until when
 * @param terminal set when nothing will run any more
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

  static PodPlan of(PodView pod, Map<String, ContainerRecord> containers, Instant now) {
    return new Planner(pod, containers, now).plan();
  }

  /** One planning; not kept. */
  private static final class Planner {
    private final PodView pod;
    private final Map<String, ContainerRecord> containers;
    private final Instant now;
    private final List<ContainerView> start = new ArrayList<>();
    private final List<ContainerView> stop = new ArrayList<>();
    private final Map<String, Instant> crashLoops = new java.util.LinkedHashMap<>();
    private Optional<Instant> wakeAt = Optional.empty();

    Planner(PodView pod, Map<String, ContainerRecord> containers, Instant now) {
      this.pod = pod;
      this.containers = containers;
      this.now = now;
    }

    PodPlan plan() {
      List<ContainerView> regular = pod.regularContainers().toList();
      boolean regularBegan = regular.stream().anyMatch(c -> record(c).current().isPresent());
      if (regularBegan || initDone()) {
        if (regular.stream().allMatch(this::isOver)) {
          return over(regular);
        }
        regular.forEach(this::startIfDue);
        if (regularBegan) {
          pod.initContainers()
              .filter(c -> c.role() == ContainerView.Role.SIDECAR)
              .forEach(this::startIfDue);
        }
      } else if (initFailed()) {
        stopSidecars();
        return new PodPlan(
            List.of(), stop, crashLoops, Optional.of(Terminal.FAILED), Optional.empty());
      }
      return new PodPlan(start, stop, crashLoops, Optional.empty(), wakeAt);
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
        } else if (!record.hasExited() || record.exitCode().orElse(1) != 0) {
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

    private PodPlan over(List<ContainerView> regular) {
      stopSidecars();
      boolean failed = regular.stream().anyMatch(c -> record(c).exitCode().orElse(0) != 0);
      return new PodPlan(
          List.of(),
          stop,
          Map.of(),
          Optional.of(failed ? Terminal.FAILED : Terminal.SUCCEEDED),
          Optional.empty());
    }

    private void stopSidecars() {
      pod.initContainers().filter(c -> record(c).isRunning()).forEach(stop::add);
    }

    /** Ended and never to be started again. */
    private boolean isOver(ContainerView container) {
      ContainerRecord record = record(container);
      return record.hasExited()
          && !container.restartPolicy(pod).restartsAfter(record.exitCode().orElse(1));
    }

    private void startIfDue(ContainerView container) {
      ContainerRecord record = record(container);
      if (record.isRunning() || isOver(container)) {
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
