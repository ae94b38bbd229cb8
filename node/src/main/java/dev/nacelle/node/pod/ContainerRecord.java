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
 * @param failures failed starts and ends in a row, for the back-off
 * @param imageId as status shows it
 * @param probes what the probes of the current attempt say
 * @param message the termination message of the current attempt
 */
record ContainerRecord(
    Optional<ContainerStatus> current,
    Optional<ContainerStatus> previous,
    Optional<Waiting> waiting,
    int restarts,
    Optional<Instant> retryAt,
    int failures,
    String imageId,
    ProbeState probes,
    String message,
    String previousMessage) {

  static final ContainerRecord NEW =
      new ContainerRecord(
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          0,
          Optional.empty(),
          0,
          "",
          ProbeState.UNKNOWN,
          "",
          "");

  /** A waiting state. */
  record Waiting(String reason, String message) {}

  /** What the probes say; a container without the probe counts as passed once it runs. */
  record ProbeState(boolean started, boolean ready) {
    static final ProbeState UNKNOWN = new ProbeState(false, false);
  }

  boolean isRunning() {
    return current.filter(c -> c.state() == ContainerStatus.State.RUNNING).isPresent();
  }

  boolean hasExited() {
    return current.filter(c -> c.state() == ContainerStatus.State.EXITED).isPresent();
  }

  Optional<Integer> exitCode() {
    return current.flatMap(ContainerStatus::exit).map(ContainerStatus.Exit::code);
  }

  /** The same container seen anew by the runtime. */
  ContainerRecord seen(ContainerStatus status) {
    return new ContainerRecord(
        Optional.of(status),
        previous,
        Optional.empty(),
        restarts,
        retryAt,
        failures,
        imageId,
        probes,
        message,
        previousMessage);
  }

  /** A next attempt was made. */
  ContainerRecord startedAs(ContainerStatus status, int attempt, String image) {
    return new ContainerRecord(
        Optional.of(status),
        current.or(() -> previous),
        Optional.empty(),
        attempt,
        Optional.empty(),
        failures,
        image,
        ProbeState.UNKNOWN,
        "",
        current.isPresent() ? message : previousMessage);
  }

  ContainerRecord waitingFor(Waiting reason) {
    return new ContainerRecord(
        current,
        previous,
        Optional.of(reason),
        restarts,
        retryAt,
        failures,
        imageId,
        probes,
        message,
        previousMessage);
  }

  ContainerRecord retryingAt(Instant at, int failureCount) {
    return new ContainerRecord(
        current,
        previous,
        waiting,
        restarts,
        Optional.of(at),
        failureCount,
        imageId,
        probes,
        message,
        previousMessage);
  }

  ContainerRecord probed(ProbeState state) {
    return new ContainerRecord(
        current,
        previous,
        waiting,
        restarts,
        retryAt,
        failures,
        imageId,
        state,
        message,
        previousMessage);
  }

  ContainerRecord saying(String text) {
    return new ContainerRecord(
        current,
        previous,
        waiting,
        restarts,
        retryAt,
        failures,
        imageId,
        probes,
        text,
        previousMessage);
  }

  /** Adopted from what an earlier process ran. */
  static ContainerRecord adopted(
      ContainerStatus status, Optional<ContainerStatus> before, String image) {
    return NEW.startedAs(status, status.attempt(), image).withPrevious(before);
  }

  private ContainerRecord withPrevious(Optional<ContainerStatus> before) {
    return new ContainerRecord(
        current,
        before,
        waiting,
        restarts,
        retryAt,
        failures,
        imageId,
        probes,
        message,
        previousMessage);
  }
}
