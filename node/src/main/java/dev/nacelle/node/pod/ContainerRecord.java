package dev.nacelle.node.pod;

import dev.nacelle.runtime.ContainerStatus;
import java.time.Instant;
import java.util.Optional;

/**
 * What the worker knows of one container of its pod.
 *
 * @param current the newest attempt, running or ended
 * @param previous the attempt before
 * @param waiting why it does not run, where there is something to say
 * @param restarts how often it was started again
 * @param retryAt not to be tried before this time
 * @param failures ends in a row, for the back-off
 * @param refusals starts in a row that did not come to a process
 * @param probes what the probes of the current attempt say
 */
record ContainerRecord(
    Optional<Attempt> current,
    Optional<Attempt> previous,
    Optional<Waiting> waiting,
    int restarts,
    Optional<Instant> retryAt,
    int failures,
    int refusals,
    ProbeState probes) {

  static final ContainerRecord NEW =
      new ContainerRecord(
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          0,
          Optional.empty(),
          0,
          0,
          ProbeState.UNKNOWN);

  /**
   * One start of the container.
   *
   * @param imageId as status shows it
   * @param message what it left in its termination message file
   */
  record Attempt(ContainerStatus status, String imageId, String message) {
    String id() {
      return status.id();
    }

    Attempt seen(ContainerStatus next) {
      return new Attempt(next, imageId, message);
    }
  }

  /**
   * A waiting state.
   *
   * @param image what it waits for, where it waits for an image
   */
  record Waiting(String reason, String message, Optional<WantedImage> image) {
    Waiting(String reason, String message) {
      this(reason, message, Optional.empty());
    }
  }

  /** What the probes say; a container without the probe counts as passed once it runs. */
  record ProbeState(boolean started, boolean ready) {
    static final ProbeState UNKNOWN = new ProbeState(false, false);
    static final ProbeState PASSED = new ProbeState(true, true);
  }

  Optional<ContainerStatus> status() {
    return current.map(Attempt::status);
  }

  /** Whether the present attempt has this id. */
  boolean isOf(String containerId) {
    return current.filter(a -> a.id().equals(containerId)).isPresent();
  }

  boolean isRunning() {
    return status().filter(c -> c.state() == ContainerStatus.State.RUNNING).isPresent();
  }

  /** The number of the next start. */
  int nextAttempt() {
    return hasExited() ? restarts + 1 : restarts;
  }

  boolean hasExited() {
    return status().filter(c -> c.exit().isPresent()).isPresent();
  }

  Optional<Integer> exitCode() {
    return status().flatMap(ContainerStatus::exit).map(ContainerStatus.Exit::code);
  }

  boolean isWaitingFor(String reason) {
    return waiting.filter(w -> w.reason().equals(reason)).isPresent();
  }

  /** A next attempt was made. */
  ContainerRecord startedAs(ContainerStatus status, int attempt, String imageId) {
    return new ContainerRecord(
        Optional.of(new Attempt(status, imageId, "")),
        current.filter(a -> !a.id().equals(status.id())).or(() -> previous),
        Optional.empty(),
        attempt,
        Optional.empty(),
        failures,
        0,
        ProbeState.UNKNOWN);
  }

  /** The present attempt came to its end and may be followed by another from {@code next} on. */
  ContainerRecord ended(ContainerStatus status, String message, int failureCount, Instant next) {
    return new ContainerRecord(
        current.map(a -> new Attempt(status, a.imageId(), message)),
        previous,
        waiting,
        restarts,
        Optional.of(next),
        failureCount,
        refusals,
        ProbeState.UNKNOWN);
  }

  /** The same attempt seen anew by the runtime. */
  ContainerRecord seen(ContainerStatus status) {
    return with(current.map(a -> a.seen(status)), waiting, retryAt, refusals, probes);
  }

  ContainerRecord waitingFor(Waiting reason) {
    return with(current, Optional.of(reason), retryAt, refusals, probes);
  }

  /** A start was refused; the next is worth trying from {@code at} on. */
  ContainerRecord refused(Waiting reason, Instant at) {
    return with(current, Optional.of(reason), Optional.of(at), refusals + 1, probes);
  }

  /** What hindered it may be gone. */
  ContainerRecord retryingNow() {
    return with(current, waiting, Optional.empty(), refusals, probes);
  }

  ContainerRecord probed(ProbeState state) {
    return with(current, waiting, retryAt, refusals, state);
  }

  private ContainerRecord with(
      Optional<Attempt> newest,
      Optional<Waiting> why,
      Optional<Instant> at,
      int refusalCount,
      ProbeState state) {
    return new ContainerRecord(newest, previous, why, restarts, at, failures, refusalCount, state);
  }
}
