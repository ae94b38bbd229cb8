package dev.nacelle.node.pod;

import dev.nacelle.base.json.JsonObject;
import dev.nacelle.runtime.ContainerStatus;
import java.nio.file.Path;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;

/**
 * Reads back what a pod's status says of its containers: what is known after a restart of the
 * platform where the runtime remembers less. Pure.
 */
final class StatusRecords {
  private static final int LOST = 137;

  private StatusRecords() {}

  /**
   * What is known of a container.
   *
   * @param known what the runtime knows, if anything
   * @param now the end of a container that is nowhere to be found
   */
  static Optional<ContainerRecord> restore(
      PodView pod, String container, Optional<ContainerRecord> known, Instant now) {
    Optional<JsonObject> status = of(pod, container);
    if (status.isEmpty()) {
      return known;
    }
    int restarts = (int) status.get().integer("restartCount").orElse(0);
    Optional<ContainerRecord.Attempt> last =
        attempt(status.get(), status.get().object("lastState", "terminated"));
    if (known.isEmpty()) {
      return current(status.get(), now)
          .map(
              c ->
                  new ContainerRecord(
                      Optional.of(c),
                      last,
                      Optional.empty(),
                      restarts,
                      Optional.empty(),
                      1,
                      0,
                      ContainerRecord.ProbeState.UNKNOWN));
    }
    ContainerRecord record = known.get();
    boolean same = record.current().filter(c -> isOf(status.get(), c.id())).isPresent();
    var probes =
        same && record.isRunning()
            ? new ContainerRecord.ProbeState(
                status.get().bool("started").orElse(false),
                status.get().bool("ready").orElse(false))
            : record.probes();
    return Optional.of(
        new ContainerRecord(
            record.current(),
            record.previous().or(() -> last),
            record.waiting(),
            Math.max(record.restarts(), same ? restarts : record.restarts()),
            record.retryAt(),
            record.failures(),
            record.refusals(),
            probes));
  }

  /** A container that the runtime does not know any more, though nobody has removed it. */
  static ContainerStatus lost(ContainerStatus last, Instant now) {
    return new ContainerStatus(
        last.id(),
        last.sandboxId(),
        ContainerStatus.State.EXITED,
        OptionalInt.empty(),
        last.createdAt(),
        last.startedAt(),
        last.firstOutputAt(),
        Optional.of(lost(now)),
        last.logPath(),
        last.attempt(),
        last.labels());
  }

  private static ContainerStatus.Exit lost(Instant now) {
    return new ContainerStatus.Exit(
        LOST,
        OptionalInt.empty(),
        ContainerStatus.ExitReason.UNKNOWN,
        "The container could not be located when the pod was adopted. The container used to be"
            + " Running",
        now);
  }

  private static Optional<JsonObject> of(PodView pod, String container) {
    return Stream.of("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses")
        .flatMap(list -> pod.object().status().array(list).objects())
        .filter(c -> c.string("name").filter(container::equals).isPresent())
        .findFirst();
  }

  private static boolean isOf(JsonObject status, String containerId) {
    return status.string("containerID").orElse("").endsWith("//" + containerId);
  }

  /** The attempt that the status shows as the present one; one that ran is lost by now. */
  private static Optional<ContainerRecord.Attempt> current(JsonObject status, Instant now) {
    JsonObject running = status.object("state", "running");
    if (!running.isEmpty()) {
      Instant began = time(running, "startedAt").orElse(now);
      return Optional.of(
          attempt(status, status.string("containerID").orElse(""), began, lost(now), ""));
    }
    JsonObject ended =
        status.has("state") && status.object("state").has("terminated")
            ? status.object("state", "terminated")
            : status.object("lastState", "terminated");
    return attempt(status, ended);
  }

  private static Optional<ContainerRecord.Attempt> attempt(
      JsonObject status, JsonObject terminated) {
    if (terminated.isEmpty()) {
      return Optional.empty();
    }
    Instant finished = time(terminated, "finishedAt").orElse(Instant.EPOCH);
    var exit =
        new ContainerStatus.Exit(
            (int) terminated.integer("exitCode").orElse(0),
            terminated.integer("signal").isPresent()
                ? OptionalInt.of((int) terminated.integer("signal").getAsLong())
                : OptionalInt.empty(),
            reason(terminated.string("reason").orElse("")),
            "",
            finished);
    return Optional.of(
        attempt(
            status,
            terminated.string("containerID").orElse(""),
            time(terminated, "startedAt").orElse(finished),
            exit,
            terminated.string("message").orElse("")));
  }

  private static ContainerRecord.Attempt attempt(
      JsonObject status, String id, Instant began, ContainerStatus.Exit exit, String message) {
    return new ContainerRecord.Attempt(
        new ContainerStatus(
            id.substring(id.lastIndexOf('/') + 1),
            "",
            ContainerStatus.State.EXITED,
            OptionalInt.empty(),
            began,
            Optional.of(began),
            Optional.empty(),
            Optional.of(exit),
            Path.of(""),
            (int) status.integer("restartCount").orElse(0),
            Map.of()),
        status.string("imageID").orElse(""),
        message);
  }

  private static ContainerStatus.ExitReason reason(String word) {
    for (ContainerStatus.ExitReason reason : ContainerStatus.ExitReason.values()) {
      if (reason.word().equals(word)) {
        return reason;
      }
    }
    return ContainerStatus.ExitReason.ERROR;
  }

  private static Optional<Instant> time(JsonObject json, String field) {
    try {
      return json.string(field).map(Instant::parse);
    } catch (DateTimeParseException e) {
      return Optional.empty();
    }
  }
}
