package dev.nacelle.node.pod;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.runtime.ContainerStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** Builds one entry of {@code containerStatuses}. Pure. */
final class ContainerStatusText {
  static final String SCHEME = "nacelle://";

  private final PodStatus.Facts facts;

  ContainerStatusText(PodStatus.Facts facts) {
    this.facts = facts;
  }

  boolean isReady(ContainerRecord record) {
    return record.isRunning() && record.probes().ready();
  }

  JsonObject status(ContainerView container, ContainerRecord record, boolean podIsOver) {
    boolean initDone =
        container.role() == ContainerView.Role.INIT
            && record.exitCode().filter(c -> c == 0).isPresent();
    JsonObject state = state(container, record, podIsOver);
    var status =
        JsonObject.builder()
            .put("name", container.name())
            .put("state", state)
            .put("lastState", lastState(record, state))
            .put("ready", initDone || isReady(record))
            .put("restartCount", record.restarts())
            .put("image", container.image())
            .put("imageID", record.current().map(ContainerRecord.Attempt::imageId).orElse(""));
    record.current().ifPresent(c -> status.put("containerID", SCHEME + c.id()));
    status.put("started", record.isRunning() && record.probes().started());
    JsonObject resources = container.json().object("resources");
    if (record.isRunning() && !resources.isEmpty()) {
      if (!resources.object("requests").isEmpty()) {
        status.put("allocatedResources", resources.object("requests"));
      }
      status.put("resources", resources);
    }
    return status.build();
  }

  private JsonObject state(ContainerView container, ContainerRecord record, boolean podIsOver) {
    if (record.isRunning()) {
      Instant since = record.status().flatMap(ContainerStatus::startedAt).orElse(facts.now());
      return JsonObject.EMPTY.withAt(Json.of(KubeObject.formatTime(since)), "running", "startedAt");
    }
    boolean again =
        !podIsOver
            && record.exitCode().map(c -> container.restartsAfter(facts.pod(), c)).orElse(true);
    if (again && record.hasExited() && facts.crashLoops().containsKey(container.name())) {
      return waiting(
          "CrashLoopBackOff",
          "back-off "
              + text(PodPlan.backoff(record.failures()))
              + " restarting failed container="
              + container.name()
              + " pod="
              + facts.pod().fullName());
    }
    if (again && record.waiting().isPresent()) {
      return waiting(record.waiting().get().reason(), record.waiting().get().message());
    }
    if (record.hasExited()) {
      return JsonObject.EMPTY.with("terminated", terminated(record.current().orElseThrow()));
    }
    boolean initializing =
        container.role() != ContainerView.Role.INIT
            && facts.pod().initContainers().findAny().isPresent();
    return waiting(initializing ? "PodInitializing" : "ContainerCreating", "");
  }

  private static JsonObject lastState(ContainerRecord record, JsonObject state) {
    Optional<ContainerRecord.Attempt> last =
        record.hasExited() && !state.has("terminated") ? record.current() : record.previous();
    return last.filter(a -> a.status().exit().isPresent())
        .map(a -> JsonObject.EMPTY.with("terminated", terminated(a)))
        .orElse(JsonObject.EMPTY);
  }

  private static JsonObject terminated(ContainerRecord.Attempt attempt) {
    ContainerStatus container = attempt.status();
    var exit = container.exit().orElseThrow();
    var result = JsonObject.builder().put("exitCode", exit.code());
    result.put("reason", exit.reason().word());
    String text = attempt.message().isEmpty() ? exit.message() : attempt.message();
    if (!text.isEmpty()) {
      result.put("message", text);
    }
    Instant started = container.startedAt().orElse(container.createdAt());
    return result
        .put("startedAt", KubeObject.formatTime(started))
        .put("finishedAt", KubeObject.formatTime(exit.finishedAt()))
        .put("containerID", SCHEME + container.id())
        .build();
  }

  private static JsonObject waiting(String reason, String message) {
    var builder = JsonObject.builder().put("reason", reason);
    if (!message.isEmpty()) {
      builder.put("message", message);
    }
    return JsonObject.EMPTY.with("waiting", builder.build());
  }

  /** As Go prints a duration of whole seconds: 10s, 2m40s, 5m0s. */
  private static String text(Duration duration) {
    long minutes = duration.toMinutes();
    return (minutes > 0 ? minutes + "m" : "") + duration.toSecondsPart() + "s";
  }
}
